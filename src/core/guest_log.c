#include "core/guest_log.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

void
rmi_guest_text_copy(char *to, size_t cap, const char *text, size_t len)
{
	size_t n = 0;
	for (size_t at = 0; at < len;) {
		size_t bytes = rmi_utf8_char(text + at, len - at);
		size_t step = bytes > 0 ? bytes : 1;
		if (n + step >= cap) {
			break;
		}
		if (bytes == 0) {
			to[n] = '?';
		} else if (bytes == 1 && ((unsigned char)text[at] < 0x20 || text[at] == 0x7f)) {
			to[n] = ' ';
		} else {
			memcpy(to + n, text + at, bytes);
		}
		n += step;
		at += step;
	}
	to[n] = '\0';
}

enum rme_log_level
rmi_guest_log_level(uint32_t level)
{
	static const enum rme_log_level levels[] = {RME_LOG_DEBUG, RME_LOG_DEBUG, RME_LOG_INFO, RME_LOG_WARN};
	return level < sizeof(levels) / sizeof(levels[0]) ? levels[level] : RME_LOG_ERROR;
}

static bool
take_place(struct rmi_guest_log *log)
{
	int64_t now = rmi_monotonic_ns();
	if (now - log->second_ns >= RMI_NS_PER_S) {
		log->second_ns = now;
		log->lines = 0;
	}
	if (log->lines >= RMI_GUEST_LOG_LINES_PER_SECOND) {
		log->dropped++;
		return false;
	}
	log->lines++;
	return true;
}

void
rmi_guest_log_line(struct rmi_guest_log *log, const struct rmi_guest_log_to *to, enum rme_log_level level,
    const char *text, size_t len)
{
	if (to->rt == NULL || len == 0 || !take_place(log)) {
		return;
	}
	if (log->dropped > 0) {
		rme_log(to->rt, RME_LOG_WARN, "module", "module %s: %u lines dropped, at most %d a second are shown",
		    to->module, log->dropped, RMI_GUEST_LOG_LINES_PER_SECOND);
		log->dropped = 0;
	}
	char safe[RMI_GUEST_LOG_LINE_BYTES_MAX];
	rmi_guest_text_copy(safe, sizeof(safe), text, len);
	rme_log(to->rt, level, "module", "module %s: %s", to->module, safe);
}

void
rmi_guest_log_end(struct rmi_guest_log *log, const struct rmi_guest_log_to *to)
{
	rmi_guest_log_line(log, to, RME_LOG_INFO, log->line, log->fill);
	log->fill = 0;
}

void
rmi_guest_log_write(struct rmi_guest_log *log, const struct rmi_guest_log_to *to, const uint8_t *data, size_t len)
{
	for (size_t at = 0; at < len; at++) {
		if (data[at] == '\n') {
			rmi_guest_log_end(log, to);
		} else if (log->fill < sizeof(log->line)) {
			log->line[log->fill++] = (char)data[at];
		}
	}
}
