#include "cli/run_summary.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "report/html.h"
#include "report/run.h"
#include "report/summary.h"

static void
add_stage(const struct rmi_cli *cli, const struct rmi_stage_summary *s)
{
	char buf[256], p50[RMI_FIGURE_MAX], p99[RMI_FIGURE_MAX];
	struct rmi_text t = rmi_text_begin(buf, sizeof(buf));
	rmi_text_add(
	    &t, "  %-16s p50 %s, p99 %s", s->node, rmi_html_ms(p50, s->times.p50), rmi_html_ms(p99, s->times.p99));
	if (s->routed) {
		rmi_text_add(&t, "; edge %llu, cloud %llu", (unsigned long long)s->edge, (unsigned long long)s->cloud);
	}
	if (s->fallbacks > 0) {
		rmi_text_add(&t, ", fell back %llu", (unsigned long long)s->fallbacks);
	}
	if (s->up + s->down > 0) {
		rmi_text_add(&t, "; up %s, down %s", rmi_html_bytes(p50, s->up), rmi_html_bytes(p99, s->down));
	}
	rmi_say(cli, "%s", buf);
}

void
rmi_run_summary_say(const struct rmi_cli *cli, const struct rmi_run *record, const struct rmi_run_loop_out *out)
{
	struct rmi_summary *s = calloc(1, sizeof(*s));
	const struct rmi_prices none = {.n = 0};
	if (s == NULL || cli->verbosity < 0 || rmi_summary_make(s, record, &none) != RME_OK) {
		free(s);
		return;
	}
	char buf[256], wall[RMI_FIGURE_MAX];
	struct rmi_text t = rmi_text_begin(buf, sizeof(buf));
	rmi_text_add(&t, "%llu items in %s: %llu ok, %llu failed", (unsigned long long)out->done,
	    rmi_html_ms(wall, s->wall_ms), (unsigned long long)(out->done - out->failed),
	    (unsigned long long)out->failed);
	if (out->refused > 0) {
		rmi_text_add(&t, ", %llu refused", (unsigned long long)out->refused);
	}
	if (out->fallbacks > 0) {
		rmi_text_add(&t, ", fell back %llu", (unsigned long long)out->fallbacks);
	}
	rmi_say(cli, "%s", buf);
	for (size_t i = 0; i < s->n_stages; i++) {
		add_stage(cli, &s->stage[i]);
	}
	free(s);
}
