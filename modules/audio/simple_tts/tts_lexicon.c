#include "tts_lexicon.h"

#include "tts_g2p.h"
#include "tts_exceptions.h"

/* Said without weight in a sentence. Sounds as written in the CMU dictionary; "" = by the rules, only without weight. */
struct small_word {
	const char *word, *sounds;
};

static const struct small_word small_words[] = {{"a", "AX0"}, {"an", "AE0 N"}, {"the", "DH AX0"}, {"to", "T AX0"},
    {"of", "AX0 V"}, {"and", "AE0 N D"}, {"for", "F ER0"}, {"in", "IH0 N"}, {"on", "AA0 N"}, {"at", "AE0 T"},
    {"is", "IH0 Z"}, {"it", "IH0 T"}, {"or", "AO0 R"}, {"but", "B AH0 T"}, {"with", "W IH0 DH"}, {"was", "W AA0 Z"},
    {"were", "W ER0"}, {"be", "B IY0"}, {"been", "B IH0 N"}, {"are", "AA0 R"}, {"am", "AE0 M"}, {"his", "HH IH0 Z"},
    {"her", "HH ER0"}, {"my", "M AY0"}, {"your", "Y AO0 R"}, {"our", "AW0 ER0"}, {"its", "IH0 T S"},
    {"their", "DH EH0 R"}, {"he", "HH IY0"}, {"she", "SH IY0"}, {"we", "W IY0"}, {"they", "DH EY0"}, {"you", "Y UW0"},
    {"i", "AY0"}, {"me", "M IY0"}, {"us", "AH0 S"}, {"them", "DH EH0 M"}, {"this", "DH IH0 S"}, {"that", "DH AE0 T"},
    {"there", "DH EH0 R"}, {"who", "HH UW0"}, {"as", "AE0 Z"}, {"by", "B AY0"}, {"from", "F R AH0 M"},
    {"has", "HH AE0 Z"}, {"have", "HH AE0 V"}, {"had", "HH AE0 D"}, {"do", "D UW0"}, {"did", "D IH0 D"},
    {"will", "W IH0 L"}, {"would", "W UH0 D"}, {"can", "K AE0 N"}, {"could", "K UH0 D"}, {"if", "IH0 F"},
    {"than", "DH AE0 N"}, {"so", "S OW0"}, {"some", "S AH0 M"}, {"when", "W EH0 N"}, {"into", "IH0 N T UW0"}};

static const struct small_word letters[] = {{"a.", "EY1"}, {"b.", "B IY1"}, {"c.", "S IY1"}, {"d.", "D IY1"},
    {"e.", "IY1"}, {"f.", "EH1 F"}, {"g.", "JH IY1"}, {"h.", "EY1 CH"}, {"i.", "AY1"}, {"j.", "JH EY1"},
    {"k.", "K EY1"}, {"l.", "EH1 L"}, {"m.", "EH1 M"}, {"n.", "EH1 N"}, {"o.", "OW1"}, {"p.", "P IY1"},
    {"q.", "K Y UW1"}, {"r.", "AA1 R"}, {"s.", "EH1 S"}, {"t.", "T IY1"}, {"u.", "Y UW1"}, {"v.", "V IY1"},
    {"w.", "D AH1 B AX0 L Y UW0"}, {"x.", "EH1 K S"}, {"y.", "W AY1"}, {"z.", "Z IY1"}};

/* < 0, 0, > 0 as the word is before, equal to or after @p other. */
static int
compare(const char *word, uint32_t len, const char *other)
{
	for (uint32_t i = 0; i < len; i++) {
		if (word[i] != other[i]) {
			return (int)(uint8_t)word[i] - (int)(uint8_t)other[i];
		}
	}
	return other[len] == '\0' ? 0 : -1;
}

static uint8_t
code_of(const char *name, uint32_t len)
{
	uint8_t stress = 0;
	if (len > 0 && tts_is_digit(name[len - 1])) {
		stress = (uint8_t)(name[--len] - '0');
	}
	for (uint8_t i = 1; i < TTS_PHONES; i++) {
		if (compare(name, len, tts_phone_specs[i].name) == 0) {
			return tts_sound_code(i, stress);
		}
	}
	return 0;
}

static uint32_t
parse(const char *sounds, uint8_t *codes)
{
	uint32_t n = 0, at = 0;
	while (sounds[at] != '\0') {
		uint32_t end = at;
		while (sounds[end] != '\0' && sounds[end] != ' ') {
			end++;
		}
		codes[n++] = code_of(sounds + at, end - at);
		at = sounds[end] == ' ' ? end + 1 : end;
	}
	return n;
}

static const struct small_word *
find_small(const struct small_word *list, uint32_t n, const char *word, uint32_t len)
{
	for (uint32_t i = 0; i < n; i++) {
		if (compare(word, len, list[i].word) == 0) {
			return &list[i];
		}
	}
	return 0;
}

/* Each exception: its letters, a NUL, its codes, a NUL; sorted. An index points to every one of them. */
static uint32_t
find_exception(const char *word, uint32_t len, uint8_t *codes)
{
	uint32_t low = 0, high = TTS_EXCEPTIONS;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		const char *entry = tts_exceptions + tts_exception_at[middle];
		int order = compare(word, len, entry);
		if (order == 0) {
			const char *sounds = entry + len + 1;
			uint32_t n = 0;
			for (; sounds[n] != '\0'; n++) {
				codes[n] = (uint8_t)sounds[n];
			}
			return n;
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return 0;
}

struct pronounced {
	uint8_t codes[TTS_WORD_SOUNDS_MAX];
	uint32_t n;
	int is_small;
};

static void
pronounce(struct pronounced *out, const char *word, uint32_t len, int alone)
{
	out->is_small = 0;
	if (len == 2 && word[1] == '.') {
		const struct small_word *letter = find_small(letters, 26, word, len);
		out->n = letter != 0 ? parse(letter->sounds, out->codes) : 0;
		return;
	}
	const struct small_word *small =
	    find_small(small_words, sizeof(small_words) / sizeof(small_words[0]), word, len);
	if (small != 0 && !alone) {
		out->is_small = 1;
		out->n = parse(small->sounds, out->codes);
		return;
	}
	out->n = find_exception(word, len, out->codes);
	if (out->n == 0) {
		out->n = tts_g2p(word, len, out->codes);
	}
}

static int
is_vowel_code(uint8_t code)
{
	return tts_is_vowel(code / 4);
}

/* A t or d between a vowel and an unstressed one, inside a word, is a flap. */
static int
is_flap(const struct pronounced *w, uint32_t i)
{
	uint8_t phone = w->codes[i] / 4, before = w->codes[i - 1], after = w->codes[i + 1];
	if ((phone != TTS_T && phone != TTS_D) || !(is_vowel_code(before) || before / 4 == TTS_R)) {
		return 0;
	}
	return is_vowel_code(after) && after % 4 == 0 && after / 4 != TTS_OW;
}

/* "the" and "to" before a vowel are clear. */
static void
adapt(struct pronounced *w, const struct pronounced *next, const char *word)
{
	for (uint32_t i = 1; i + 1 < w->n; i++) {
		if (is_flap(w, i)) {
			w->codes[i] = tts_sound_code(TTS_DX, 0);
		}
	}
	if (!w->is_small || next == 0 || next->n == 0 || !is_vowel_code(next->codes[0])) {
		return;
	}
	if (compare(word, tts_length(word), "the") == 0) {
		w->codes[1] = tts_sound_code(TTS_IY, 0);
	} else if (compare(word, tts_length(word), "to") == 0) {
		w->codes[1] = tts_sound_code(TTS_UW, 0);
	}
}

static void
add_word(struct tts_phrase *p, const struct pronounced *w)
{
	for (uint32_t i = 0; i < w->n && p->n_sounds < TTS_SOUNDS_MAX - 1; i++) {
		uint8_t phone = w->codes[i] / 4, stress = w->codes[i] % 4;
		p->sounds[p->n_sounds++] = (struct tts_sound){.phone = phone,
		    .stress = stress,
		    .word_start = i == 0,
		    .word_end = i + 1 == w->n,
		    .accented = stress == 1 && !w->is_small,
		    .function_word = (uint8_t)w->is_small};
	}
}

void
tts_lexicon_say(struct tts_phrase *p, const struct tts_words *words)
{
	struct pronounced two[2];
	const char *word = words->text, *previous = word;
	int alone = words->n == 1;
	for (uint32_t i = 0; i < words->n; i++) {
		uint32_t len = tts_length(word);
		struct pronounced *now = &two[i % 2];
		pronounce(now, word, len, alone || (i + 1 == words->n && len > 1));
		if (i > 0) {
			adapt(&two[(i + 1) % 2], now, previous);
			add_word(p, &two[(i + 1) % 2]);
		}
		previous = word;
		word += len + 1;
	}
	if (words->n > 0) {
		adapt(&two[(words->n + 1) % 2], 0, previous);
		add_word(p, &two[(words->n + 1) % 2]);
	}
}
