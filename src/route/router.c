#include <rme/router.h>

#include <string.h>

#include <rme/runtime.h>
#include <rme/session.h>

#include "core/node.h"
#include "route/flow.h"
#include "route/rule.h"

static enum rme_route_mode
mode_of(const struct rme_router_config *c)
{
	return (enum rme_route_mode)(c->mode + 1);
}

static void
set_rules(struct rmi_route_rules *r, const struct rme_router_config *c)
{
	*r = (struct rmi_route_rules){
	    .mode = mode_of(c),
	    .fallback = c->fallback,
	    .edge_max_bytes = (uint64_t)c->edge_max_bytes,
	    .cloud_min_bytes = (uint64_t)c->cloud_min_bytes,
	    .edge_max_complexity = (float)c->edge_max_complexity,
	    .cloud_min_complexity = (float)c->cloud_min_complexity,
	    .breaker_failures = (uint32_t)c->breaker_failures,
	    .breaker_wait_ns = c->breaker_wait_ns,
	    .breaker_wait_max_ns = c->breaker_wait_max_ns,
	    .timeout_ns = {c->edge_timeout_ns, c->cloud_timeout_ns},
	    .hold_ns = c->sticky_hold_ns,
	};
}

static const char *
spec_name(const struct rme_node_spec *spec)
{
	if (spec->type == NULL) {
		return "";
	}
	return spec->name != NULL ? spec->name : spec->type->name;
}

static bool
is_wanted(enum rme_route_mode mode, enum rme_side s)
{
	return mode != (s == RME_SIDE_EDGE ? RME_ROUTE_CLOUD_ONLY : RME_ROUTE_EDGE_ONLY);
}

static bool
is_sticky(const struct rme_router_config *c)
{
	if (c->sticky != RME_STICKY_AUTO) {
		return c->sticky == RME_STICKY_SESSION;
	}
	bool edge = c->edge.type != NULL && (rmi_spec_flags(&c->edge) & RME_NODE_STATEFUL) != 0;
	bool cloud = c->cloud.type != NULL && (rmi_spec_flags(&c->cloud) & RME_NODE_STATEFUL) != 0;
	return edge || cloud;
}

/* What is missing in the config for its mode. */
static enum rme_err
check_config(struct rme_node *self, const struct rme_router_config *c)
{
	enum rme_route_mode mode = mode_of(c);
	bool edge = c->edge.type != NULL && is_wanted(mode, RME_SIDE_EDGE);
	bool cloud = c->cloud.type != NULL && is_wanted(mode, RME_SIDE_CLOUD);
	if (!edge && !cloud) {
		return rme_node_fail(self, RME_ECONFIG, "mode %s needs the parameter '%s'", rme_route_mode_name(mode),
		    mode == RME_ROUTE_CLOUD_ONLY ? "cloud" : "edge");
	}
	if (mode == RME_ROUTE_FUNCTION && (c->function == NULL || c->function[0] == '\0')) {
		return rme_node_fail(self, RME_ECONFIG, "mode function needs the parameter 'function'");
	}
	return RME_OK;
}

static enum rme_err
find_rule(struct rme_node *self, struct rmi_flow *f)
{
	if (f->rules.mode != RME_ROUTE_FUNCTION) {
		return RME_OK;
	}
	f->rules.fn = rmi_rule_find(rme_node_runtime(self), f->config->function, &f->rules.fn_ctx);
	if (f->rules.fn == NULL) {
		return rme_node_fail(self, RME_ECONFIG,
		    "no function '%s' is known; programs give it with rme_router_add_function()", f->config->function);
	}
	return RME_OK;
}

/* A mistake shows at once; a side that is only not there just now must not keep the other from working. */
static bool
is_mistake(enum rme_err e)
{
	return e == RME_ECONFIG || e == RME_EINVAL || e == RME_ENOMEM;
}

static enum rme_err
open_sides(struct rme_node *self, struct rmi_flow *f)
{
	const struct rme_node_spec *specs[2] = {&f->config->edge, &f->config->cloud};
	const struct rmi_flow_side *lost = NULL;
	unsigned n = 0;
	for (unsigned s = 0; s < 2; s++) {
		struct rmi_flow_side *side = &f->side[s];
		rmi_side_init(f, s == RMI_EDGE ? RME_SIDE_EDGE : RME_SIDE_CLOUD, specs[s]);
		if (specs[s]->type == NULL || !is_wanted(f->rules.mode, side->which)) {
			continue;
		}
		enum rme_err e = rmi_side_open(side);
		if (is_mistake(e)) {
			return rme_node_fail(
			    self, e, "%s: %s: %s", rme_side_name(side->which), side->why_not.where, side->why_not.text);
		}
		n += e == RME_OK ? 1 : 0;
		lost = e != RME_OK && lost == NULL ? side : lost;
	}
	if (n == 0 && lost != NULL) {
		return rme_node_fail(self, lost->why_not.code, "%s: %s: %s", rme_side_name(lost->which),
		    lost->why_not.where, lost->why_not.text);
	}
	return RME_OK;
}

static enum rme_err
router_open(struct rme_node *self, const void *config)
{
	struct rmi_flow *f = rme_node_state(self);
	const struct rme_router_config *c = config;
	f->self = self;
	f->config = c;
	f->limits = (struct rmi_hold_limits){(size_t)c->hold_packets, (size_t)c->hold_bytes};
	enum rme_err e = check_config(self, c);
	if (e != RME_OK) {
		return e;
	}
	set_rules(&f->rules, c);
	f->module = spec_name(&c->edge);
	f->sticky = is_sticky(c);
	e = find_rule(self, f);
	if (e != RME_OK) {
		return e;
	}
	const struct rmi_book_names names = {rme_node_name(self), spec_name(&c->edge), spec_name(&c->cloud)};
	size_t window = rmi_node_env(self)->window;
	e = rmi_book_find(&f->book, rme_node_runtime(self), &names);
	if (e == RME_OK) {
		e = rmi_flow_init(f, window != 0 ? window : RME_SESSION_INFLIGHT_DEFAULT);
	}
	return e == RME_OK ? open_sides(self, f) : e;
}

static enum rme_err
router_process(struct rme_node *self, struct rme_packet *in)
{
	struct rmi_flow *f = rme_node_state(self);
	rmi_flow_push(f, in);
	rmi_flow_run(f);
	return RME_OK;
}

static void
router_wake(struct rme_node *self)
{
	rmi_flow_run(rme_node_state(self));
}

static void
router_reset(struct rme_node *self)
{
	rmi_flow_cancel(rme_node_state(self));
}

static void
router_close(struct rme_node *self)
{
	struct rmi_flow *f = rme_node_state(self);
	rmi_side_close(&f->side[RMI_EDGE]);
	rmi_side_close(&f->side[RMI_CLOUD]);
	rmi_flow_done(f);
	rmi_book_done(f->book);
}

static enum rme_err
child_formats(
    const struct rme_node_spec *spec, const struct rme_format *in, struct rme_format *want, struct rme_format *gives)
{
	*want = *in;
	*gives = rme_format_of(RME_MEDIA_ANY);
	if (spec->type == NULL || spec->type->formats == NULL) {
		return RME_OK;
	}
	return spec->type->formats(spec->type, spec->config, in, want, gives);
}

/* What the first wants of the input, if the second can use it as it is. */
static bool
agree(const struct rme_node_spec *specs[2], const struct rme_format *in, struct rme_format *want,
    struct rme_format gives[2])
{
	struct rme_format again;
	return child_formats(specs[0], in, want, &gives[0]) == RME_OK &&
	       child_formats(specs[1], want, &again, &gives[1]) == RME_OK && rme_format_equal(want, &again);
}

static enum rme_err
router_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type;
	const struct rme_router_config *c = config;
	if (c == NULL) {
		return RME_OK; /* no children: it will not open */
	}
	const struct rme_node_spec none = {0};
	const struct rme_node_spec *specs[2] = {is_wanted(mode_of(c), RME_SIDE_EDGE) ? &c->edge : &none,
	    is_wanted(mode_of(c), RME_SIDE_CLOUD) ? &c->cloud : &none};
	const struct rme_node_spec *turned[2] = {specs[1], specs[0]};
	struct rme_format out[2];
	if (!agree(specs, in, want, out)) {
		if (!agree(turned, in, want, out)) {
			return RME_EFORMAT;
		}
		const struct rme_format cloud = out[0];
		out[0] = out[1];
		out[1] = cloud;
	}
	if (specs[0]->type == NULL || specs[1]->type == NULL) {
		*gives = specs[0]->type == NULL ? out[1] : out[0];
	} else if (rme_format_equal(&out[0], &out[1])) {
		*gives = out[0];
	}
	return RME_OK;
}

static const char *const modes[] = {
    "edge_only", "edge_first", "cloud_first", "cloud_only", "auto", "thresholds", "function", NULL};
static const char *const sticky[] = {"auto", "item", "session", NULL};
static const char *const on_empty[] = {"accept", "fallback", NULL};

#define AT(member) offsetof(struct rme_router_config, member)

static const struct rme_param params[] = {
    {.name = "edge", .kind = RME_PARAM_NODE, .offset = AT(edge), .help = "node that works on this device"},
    {.name = "cloud", .kind = RME_PARAM_NODE, .offset = AT(cloud), .help = "node that works in the cloud"},
    {.name = "mode",
        .kind = RME_PARAM_CHOICE,
        .offset = AT(mode),
        .fallback = "auto",
        .choices = modes,
        .help = "who decides; auto = thresholds, corrected by measured latency and failures"},
    {.name = "fallback",
        .kind = RME_PARAM_BOOL,
        .offset = AT(fallback),
        .fallback = "true",
        .help = "ask the other side when the first one fails (not in the *_only modes)"},
    {.name = "on_empty",
        .kind = RME_PARAM_CHOICE,
        .offset = AT(on_empty),
        .fallback = "accept",
        .choices = on_empty,
        .help = "what an answer without content means: an answer, or a failure"},
    {.name = "min_confidence",
        .kind = RME_PARAM_NUMBER,
        .offset = AT(min_confidence),
        .fallback = "0",
        .max = 1,
        .help = "an edge result that is less sure of itself is asked of the cloud too; 0 = never"},
    {.name = "edge_timeout",
        .kind = RME_PARAM_DURATION,
        .offset = AT(edge_timeout_ns),
        .fallback = "0",
        .max = 86400,
        .help = "longest try at the edge; 0 = the item's deadline alone"},
    {.name = "cloud_timeout",
        .kind = RME_PARAM_DURATION,
        .offset = AT(cloud_timeout_ns),
        .fallback = "10s",
        .max = 86400,
        .help = "longest try in the cloud; 0 = the item's deadline alone"},
    {.name = "edge_max_bytes",
        .kind = RME_PARAM_BYTES,
        .offset = AT(edge_max_bytes),
        .fallback = "100KB",
        .max = 1e12,
        .help = "items smaller than this and simpler than edge_max_complexity go to the edge"},
    {.name = "edge_max_complexity",
        .kind = RME_PARAM_NUMBER,
        .offset = AT(edge_max_complexity),
        .fallback = "0.3",
        .max = 1,
        .help = "see edge_max_bytes"},
    {.name = "cloud_min_bytes",
        .kind = RME_PARAM_BYTES,
        .offset = AT(cloud_min_bytes),
        .fallback = "10MB",
        .max = 1e12,
        .help = "items larger than this, or more complex than cloud_min_complexity, go to the cloud"},
    {.name = "cloud_min_complexity",
        .kind = RME_PARAM_NUMBER,
        .offset = AT(cloud_min_complexity),
        .fallback = "0.8",
        .max = 1,
        .help = "see cloud_min_bytes"},
    {.name = "complexity",
        .kind = RME_PARAM_NUMBER,
        .offset = AT(complexity),
        .fallback = "-1",
        .min = -1,
        .max = 1,
        .help = "complexity of every item, 0 to 1; negative = estimate it from the data"},
    {.name = "function",
        .kind = RME_PARAM_TEXT,
        .offset = AT(function),
        .fallback = "",
        .help = "name of the program's own rule, for mode function"},
    {.name = "sticky",
        .kind = RME_PARAM_CHOICE,
        .offset = AT(sticky),
        .fallback = "auto",
        .choices = sticky,
        .help =
            "decide for each item, or stay with the side that holds the session's state; auto = as the nodes need it"},
    {.name = "sticky_hold",
        .kind = RME_PARAM_DURATION,
        .offset = AT(sticky_hold_ns),
        .fallback = "10s",
        .max = 86400,
        .help = "a session stays at least so long, unless its side fails"},
    {.name = "breaker_failures",
        .kind = RME_PARAM_INT,
        .offset = AT(breaker_failures),
        .fallback = "3",
        .max = 1000,
        .help = "failures in a row until a side is avoided; 0 = never"},
    {.name = "breaker_wait",
        .kind = RME_PARAM_DURATION,
        .offset = AT(breaker_wait_ns),
        .fallback = "1s",
        .min = 0.001,
        .max = 3600,
        .help = "how long it is avoided at first; doubled each time up to breaker_wait_max"},
    {.name = "breaker_wait_max",
        .kind = RME_PARAM_DURATION,
        .offset = AT(breaker_wait_max_ns),
        .fallback = "16s",
        .min = 0.001,
        .max = 3600,
        .help = "see breaker_wait"},
    {.name = "hold_bytes",
        .kind = RME_PARAM_BYTES,
        .offset = AT(hold_bytes),
        .fallback = "16MiB",
        .min = 1,
        .max = 1e12,
        .help = "results of one item kept until it is complete"},
    {.name = "hold_packets",
        .kind = RME_PARAM_INT,
        .offset = AT(hold_packets),
        .fallback = "1024",
        .min = 1,
        .max = 1000000,
        .help = "see hold_bytes"},
    {.name = NULL},
};

const struct rme_node_type rme_router_type = {
    .name = "IntelligentRouter",
    .category = "base",
    .help = "Runs each item at the edge or in the cloud, and falls back to the other side.",
    .flags = RME_NODE_ASYNC,
    .state_size = sizeof(struct rmi_flow),
    .config_size = sizeof(struct rme_router_config),
    .params = params,
    .formats = router_formats,
    .open = router_open,
    .process = router_process,
    .wake = router_wake,
    .reset = router_reset,
    .close = router_close,
};
