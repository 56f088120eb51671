/*
 * Does what it is told, good or bad: the first word of the session id ("loop-initialize", ...) says how it behaves when it is
 * started, the item says what process() does. See the table in process().
 */
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("env"), import_name(name)))

IMPORT("call_remote_service")
int32_t call_remote_service(
    uint32_t name, uint32_t name_len, uint32_t data, uint32_t len, uint32_t result, uint32_t result_len);
IMPORT("stream_to_remote") int32_t stream_to_remote(uint32_t name, uint32_t name_len, uint32_t data, uint32_t len);
IMPORT("get_remote_session") int32_t get_remote_session(uint32_t id, uint32_t id_len, uint32_t out, uint32_t out_len);
IMPORT("rme_log") void rme_log(int32_t level, const char *text, uint32_t len);
IMPORT("rme_error") void rme_error(const char *text, uint32_t len);
IMPORT("rme_now_ns") int64_t rme_now_ns(void);

static char session[64];
static char configuration[512];
static uint32_t left, total, initialized, items;
static volatile uint32_t sink;
static int32_t bad_entry;
static uint8_t heap[1 << 20];
static uint32_t heap_at;

static uint32_t
length(const char *s)
{
	uint32_t n = 0;
	while (s[n] != '\0') {
		n++;
	}
	return n;
}

static int
starts(const char *text, uint32_t len, const char *with)
{
	uint32_t n = length(with);
	if (len < n) {
		return 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (text[i] != with[i]) {
			return 0;
		}
	}
	return 1;
}

static uint32_t
number(const char *text, uint32_t len)
{
	uint32_t v = 0;
	for (uint32_t i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		v = v * 10 + (uint32_t)(text[i] - '0');
	}
	return v;
}

static void
spin(void)
{
	for (;;) {
		sink++;
	}
}

/* Loops if the session is called "loop-ENTRY". */
static void
maybe_spin(const char *entry)
{
	if (starts(session, sizeof(session), "loop-") && starts(session + 5, sizeof(session) - 5, entry)) {
		spin();
	}
}

static void
copy(void *to, const void *from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	}
}

static int32_t
give(const void *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	if (len > *result_len) {
		*result_len = len;
		return -5;
	}
	copy(result, data, len);
	*result_len = len;
	return 0;
}

EXPORT("rme_alloc")
uint32_t
alloc(uint32_t len)
{
	if (bad_entry == 1) {
		spin();
	}
	if (bad_entry == 2) {
		return 0xfffffff0u;
	}
	uint32_t at = heap_at, bytes = (len + 15) & ~15u;
	if (bytes > sizeof(heap) - at) {
		return 0;
	}
	heap_at += bytes;
	return (uint32_t)(uintptr_t)heap + at;
}

EXPORT("rme_free")
void
release(uint32_t at, uint32_t len)
{
	(void)at;
	(void)len;
}

EXPORT("configure")
int32_t
configure(const char *json, uint32_t len)
{
	copy(configuration, json, len < sizeof(configuration) - 1 ? len : sizeof(configuration) - 1);
	for (uint32_t i = 0; i + 14 < len; i++) {
		if (starts(json + i, len - i, "loop-configure")) {
			spin();
		}
		if (starts(json + i, len - i, "refuse")) {
			rme_error("the parameter is not to my taste", 32);
			return -1;
		}
	}
	return 0;
}

EXPORT("initialize")
int32_t
initialize(const char *id)
{
	copy(session, id, length(id) < sizeof(session) - 1 ? length(id) : sizeof(session) - 1);
	maybe_spin("initialize");
	if (starts(session, sizeof(session), "fail-initialize")) {
		return -1;
	}
	initialized++;
	return 1;
}

static __attribute__((noinline)) uint32_t
recurse(uint32_t n)
{
	volatile uint8_t room[64];
	room[n % sizeof(room)] = (uint8_t)n;
	return n == UINT32_MAX ? 0 : recurse(n + 1) + room[0];
}

static __attribute__((noinline)) uint32_t
recurse_through_host(uint32_t n)
{
	volatile uint8_t room[64];
	room[n % sizeof(room)] = (uint8_t)n;
	rme_error("deep", 4);
	return recurse_through_host(n + 1) + room[0];
}

static __attribute__((noinline)) uint32_t
recurse_through_engine(uint32_t n)
{
	volatile uint8_t room[64];
	room[n % sizeof(room)] = (uint8_t)n;
	(void)__builtin_wasm_memory_grow(0, 0);
	return recurse_through_engine(n + 1) + room[0];
}

static int32_t
trap_somehow(const char *how, uint32_t len)
{
	if (starts(how, len, "oob")) {
		*(volatile uint32_t *)(uintptr_t)0xffffff00u = 1;
	} else if (starts(how, len, "divide")) {
		sink = 0;
		sink = 7 / sink;
	} else if (starts(how, len, "unreachable")) {
		__builtin_trap();
	} else if (starts(how, len, "recurse-host")) {
		sink = recurse_through_host(0);
	} else if (starts(how, len, "recurse-engine")) {
		sink = recurse_through_engine(0);
	} else if (starts(how, len, "recurse")) {
		sink = recurse(0);
	}
	return -1;
}

static int32_t
loop_somehow(const char *how, uint32_t len)
{
	if (starts(how, len, "fill")) {
		for (;;) {
			__builtin_memset((void *)heap, (int)sink, sizeof(heap));
			sink++;
		}
	} else if (starts(how, len, "grow")) {
		for (;;) {
			sink += __builtin_wasm_memory_grow(0, 0);
		}
	} else if (starts(how, len, "host")) {
		for (;;) {
			sink += (uint32_t)rme_now_ns();
		}
	}
	spin();
	return -1;
}

/* "call NAME DATA" */
static int32_t
call_service(const char *text, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	uint32_t name_len = 0;
	while (name_len < len && text[name_len] != ' ') {
		name_len++;
	}
	uint32_t data = name_len < len ? name_len + 1 : len;
	static uint8_t answer[8192];
	uint32_t answer_len = 8;
	int32_t status;
	do {
		status = call_remote_service((uint32_t)(uintptr_t)text, name_len, (uint32_t)(uintptr_t)text + data,
		    len - data, (uint32_t)(uintptr_t)answer, (uint32_t)(uintptr_t)&answer_len);
	} while (status == -5 && answer_len <= sizeof(answer));
	if (status != 0) {
		uint8_t digit = (uint8_t)('0' - status);
		return give(&digit, 1, result, result_len);
	}
	return give(answer, answer_len, result, result_len);
}

/* Every pointer wrong in turn; the answer is one digit per try. */
static int32_t
bad_pointers(uint8_t *result, uint32_t *result_len)
{
	static const char name[] = "echo";
	static uint32_t len = 4;
	const uint32_t n = (uint32_t)(uintptr_t)name, d = (uint32_t)(uintptr_t)heap, l = (uint32_t)(uintptr_t)&len;
	const uint32_t out = 0xfffffff0u;
	uint8_t digits[9];
	uint32_t i = 0;
	digits[i++] = (uint8_t)('0' - call_remote_service(out, 4, d, 4, d, l));
	digits[i++] = (uint8_t)('0' - call_remote_service(n, out, d, 4, d, l));
	digits[i++] = (uint8_t)('0' - call_remote_service(n, 4, out, 32, d, l));
	digits[i++] = (uint8_t)('0' - call_remote_service(n, 4, d, out, d, l));
	digits[i++] = (uint8_t)('0' - call_remote_service(n, 4, d, 4, out + 13, l));
	digits[i++] = (uint8_t)('0' - call_remote_service(n, 4, d, 4, d, out + 14));
	digits[i++] = (uint8_t)('0' - stream_to_remote(n, 4, out, 64));
	digits[i++] = (uint8_t)('0' - get_remote_session(n, 4, d, out + 15));
	digits[i++] = (uint8_t)('0' - get_remote_session(n, 0, d, l));
	rme_log(0, (const char *)(uintptr_t)out, 100);
	rme_error((const char *)(uintptr_t)out, 100);
	return give(digits, i, result, result_len);
}

static int32_t
report(const char *what, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	if (starts(what, len, "session")) {
		return give(session, length(session), result, result_len);
	}
	if (starts(what, len, "configuration")) {
		return give(configuration, length(configuration), result, result_len);
	}
	uint8_t digit = (uint8_t)('0' + (starts(what, len, "initialized") ? initialized : items));
	return give(&digit, 1, result, result_len);
}

static int32_t
lie(const char *how, uint32_t len, uint32_t *result_len)
{
	if (starts(how, len, "length")) {
		*result_len = *result_len + 1;
		return 0;
	}
	return -5; /* it would fit */
}

static int32_t
big(uint32_t n, uint8_t *result, uint32_t *result_len)
{
	if (n > *result_len) {
		*result_len = n;
		return -5;
	}
	for (uint32_t i = 0; i < n; i++) {
		result[i] = (uint8_t)i;
	}
	*result_len = n;
	return 0;
}

static int32_t
say_error(const char *text, uint32_t len)
{
	rme_error(text, len);
	return -3;
}

static int32_t
write_lines(uint32_t n, uint32_t *result_len)
{
	while (n-- > 0) {
		rme_log(2, "line", 4);
	}
	*result_len = 0;
	return 0;
}

static int32_t
send_it(const char *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	const uint32_t at = (uint32_t)(uintptr_t)data;
	uint8_t digit = (uint8_t)('0' - stream_to_remote(at + 5, 4, at, len));
	return give(&digit, 1, result, result_len);
}

static int32_t
far_session(uint8_t *result, uint32_t *result_len)
{
	static const char echo[] = "echo";
	static uint32_t room;
	room = 64;
	int32_t status =
	    get_remote_session((uint32_t)(uintptr_t)echo, 4, (uint32_t)(uintptr_t)heap, (uint32_t)(uintptr_t)&room);
	return status != 0 ? status : give(heap, room, result, result_len);
}

enum command {
	ECHO,
	TRAP,
	LOOP,
	STATUS,
	ERROR,
	MANY,
	BIG,
	LIE,
	CALL,
	SEND,
	FAR_SESSION,
	BAD_POINTERS,
	SAY,
	LOG,
	BAD_ALLOC,
	COMMANDS
};

static const char *const commands[COMMANDS] = {"echo ", "trap ", "loop ", "status ", "error ", "many ", "big ", "lie ",
    "call ", "send ", "far-session", "bad-pointers", "say ", "log ", "bad-alloc "};

/* "later X": asks the service, and then does X, whatever the answer was. */
static void
wait_first(void)
{
	static const char echo[] = "echo";
	static uint8_t answer[64];
	static uint32_t room;
	room = sizeof(answer);
	(void)call_remote_service((uint32_t)(uintptr_t)echo, 4, (uint32_t)(uintptr_t)echo, 4,
	    (uint32_t)(uintptr_t)answer, (uint32_t)(uintptr_t)&room);
}

EXPORT("process")
int32_t
process(const char *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	uint32_t c = 0;
	items++;
	for (; starts(data, len, "later "); data += 6, len -= 6) {
		wait_first();
	}
	while (c < COMMANDS && !starts(data, len, commands[c])) {
		c++;
	}
	const uint32_t word = c < COMMANDS ? length(commands[c]) : 0;
	const char *rest = data + word;
	const uint32_t n = len - word;
	switch (c) {
	case ECHO:
		return give(rest, n, result, result_len);
	case TRAP:
		return trap_somehow(rest, n);
	case LOOP:
		return loop_somehow(rest, n);
	case STATUS:
		return -(int32_t)number(rest, n);
	case ERROR:
		return say_error(rest, n);
	case MANY:
		left = total = number(rest, n);
		return give("first", 5, result, result_len);
	case BIG:
		return big(number(rest, n), result, result_len);
	case LIE:
		return lie(rest, n, result_len);
	case CALL:
		return call_service(rest, n, result, result_len);
	case SEND:
		return send_it(data, len, result, result_len);
	case FAR_SESSION:
		return far_session(result, result_len);
	case BAD_POINTERS:
		return bad_pointers(result, result_len);
	case SAY:
		return report(rest, n, result, result_len);
	case LOG:
		return write_lines(number(rest, n), result_len);
	case BAD_ALLOC:
		bad_entry = rest[0] - '0';
		break;
	}
	*result_len = 0;
	return 0;
}

EXPORT("next")
int32_t
next(uint8_t *result, uint32_t *result_len)
{
	maybe_spin("next");
	if (left == 0) {
		*result_len = 0;
		return 0;
	}
	uint8_t digit = (uint8_t)('0' + total - left--);
	return give(&digit, 1, result, result_len);
}

EXPORT("flush")
int32_t
flush(uint8_t *result, uint32_t *result_len)
{
	maybe_spin("flush");
	if (items == 0) {
		*result_len = 0;
		return 0;
	}
	items = 0;
	return give("rest", 4, result, result_len);
}

EXPORT("reset")
int32_t
reset(void)
{
	maybe_spin("reset");
	items = 0;
	return 0;
}

EXPORT("confidence")
float
confidence(void)
{
	maybe_spin("confidence");
	return items % 2 == 1 ? 0.75F : 7.0F;
}

EXPORT("estimate")
int32_t
estimate(const uint8_t *data, uint32_t len, float *out)
{
	maybe_spin("estimate");
	(void)data;
	out[0] = (float)len;
	out[1] = 0.5F;
	return 0;
}

EXPORT("output_format")
int32_t
output_format(uint8_t *result, uint32_t *result_len)
{
	maybe_spin("output_format");
	return give("text/plain", 10, result, result_len);
}

EXPORT("cleanup")
int32_t
cleanup(void)
{
	maybe_spin("cleanup");
	return 0;
}
