#ifndef RMI_REPORT_HTML_H
#define RMI_REPORT_HTML_H

/** @file Writing pieces of a page. What cannot be written shows in ferror() at the end. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <rme/err.h>
#include <rme/packet.h>

enum { RMI_FIGURE_MAX = 32 };

/** Text from anywhere: markup is escaped, what is no UTF-8 or a control character becomes U+FFFD. NULL writes nothing. */
void rmi_html_text(FILE *out, const char *text);
/** Figures for people in @p buf, with three digits: "1.25 ms", "12.5 KB", "1,235", "3.1 %", "$0.0042"; "–" where NaN.
 *  @return @p buf @{ */
const char *rmi_html_ms(char buf[RMI_FIGURE_MAX], double ms);
const char *rmi_html_bytes(char buf[RMI_FIGURE_MAX], uint64_t bytes);
const char *rmi_html_count(char buf[RMI_FIGURE_MAX], uint64_t n);
const char *rmi_html_percent(char buf[RMI_FIGURE_MAX], double part, double whole);
const char *rmi_html_usd(char buf[RMI_FIGURE_MAX], double usd);
/** "1:02.5" */
const char *rmi_html_time(char buf[RMI_FIGURE_MAX], double seconds);
/** @} */

/** CSS class of a side that did the work. Never NULL. */
const char *rmi_html_side(enum rme_side side, bool fell_back);

/** The page's style and script: page.css and page.js. */
extern const char rmi_html_style[];
extern const char rmi_html_script[];

#endif
