#include "wasm/wasm_level.h"

#include <stdalign.h>
#include <stddef.h>

#include "core/node.h"
#include "wasm/iso_session.h"

/* Behind the state of the type that was chosen, which finds its own at the beginning. */
struct level {
	const struct rme_node_type *chosen; /* NULL = open() did not get that far */
};

static size_t
level_offset(const struct rmi_wasm_node_kind *kind)
{
	size_t a = kind->inproc.state_size, b = rmi_iso_node_type.state_size, most = a > b ? a : b;
	return (most + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static const struct rmi_wasm_node_kind *
kind_of(struct rme_node *self)
{
	return (const struct rmi_wasm_node_kind *)rmi_node_type(self);
}

static struct level *
level_of(struct rme_node *self)
{
	return (struct level *)(void *)((char *)rme_node_state(self) + level_offset(kind_of(self)));
}

static enum rme_err
choose(struct rme_node *self, const struct rmi_wasm_node_config *c, enum rme_isolation *out)
{
	const struct rmi_wasm_node_kind *kind = kind_of(self);
	const struct rme_module_entry *entry = rmi_wasm_nodes_find(kind->nodes, c->module);
	const struct rmi_isolation_level given = rmi_isolation_of(entry, rmi_wasm_nodes_otherwise(kind->nodes));
	if (c->isolation == RME_ISOLATION_INPROC && given.level == RME_ISOLATION_PROCESS) {
		return rme_node_fail(self, RME_ECONFIG,
		    "isolation: inproc is less than module %s must have: process, since %s; a node may only ask for "
		    "more",
		    c->module, given.why);
	}
	*out = c->isolation == RME_ISOLATION_PROCESS ? RME_ISOLATION_PROCESS : given.level;
	return RME_OK;
}

static enum rme_err
level_open(struct rme_node *self, const void *config)
{
	enum rme_isolation level = RME_ISOLATION_PROCESS;
	enum rme_err e = choose(self, config, &level);
	if (e != RME_OK) {
		return e;
	}
	const struct rme_node_type *chosen =
	    level == RME_ISOLATION_PROCESS ? &rmi_iso_node_type : &kind_of(self)->inproc;
	level_of(self)->chosen = chosen;
	return chosen->open(self, config);
}

/* A plain node sees data only; what the framework does for such a node is done here. */
static enum rme_err
process_plain(struct rme_node *self, const struct rme_node_type *chosen, struct rme_packet *in)
{
	if (rme_packet_meta(in)->kind == RME_PACKET_DATA) {
		return chosen->process(self, in);
	}
	enum rme_err failed = RME_OK;
	if (rme_packet_meta(in)->kind == RME_PACKET_FLUSH && chosen->flush != NULL) {
		failed = chosen->flush(self, in);
	}
	enum rme_err e = rme_node_emit(self, in);
	return failed != RME_OK ? failed : e;
}

static enum rme_err
level_process(struct rme_node *self, struct rme_packet *in)
{
	const struct rme_node_type *chosen = level_of(self)->chosen;
	return (chosen->flags & RME_NODE_ASYNC) != 0 ? chosen->process(self, in) : process_plain(self, chosen, in);
}

static void
level_wake(struct rme_node *self)
{
	const struct rme_node_type *chosen = level_of(self)->chosen;
	if (chosen->wake != NULL) {
		chosen->wake(self);
	}
}

static void
level_reset(struct rme_node *self)
{
	level_of(self)->chosen->reset(self);
}

static void
level_close(struct rme_node *self)
{
	const struct level *l = level_of(self);
	if (l->chosen != NULL) {
		l->chosen->close(self);
	}
}

static float
level_estimate(struct rme_node *self, const struct rme_packet *in)
{
	const struct rme_node_type *chosen = level_of(self)->chosen;
	return chosen->estimate != NULL ? chosen->estimate(self, in) : __builtin_nanf("");
}

void
rmi_wasm_level_init(struct rmi_wasm_node_kind *kind, const struct rme_node_type *inproc)
{
	kind->inproc = *inproc;
	kind->type = *inproc;
	kind->type.flags |= RME_NODE_ASYNC;
	kind->type.state_size = level_offset(kind) + sizeof(struct level);
	kind->type.open = level_open;
	kind->type.process = level_process;
	kind->type.flush = NULL;
	kind->type.wake = level_wake;
	kind->type.reset = level_reset;
	kind->type.close = level_close;
	kind->type.estimate = inproc->estimate != NULL ? level_estimate : NULL;
}
