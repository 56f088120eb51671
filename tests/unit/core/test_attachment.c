#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <rme/node.h>
#include <rme/runtime.h>

#include "core/node.h"
#include "core/runtime.h"

struct thing {
	struct rmi_attachment base;
	int *freed;
};

static void
thing_free(struct rmi_attachment *a)
{
	++*((struct thing *)a)->freed;
}

static void
what_hangs_on_the_runtime_is_found_and_freed_once(void **state)
{
	(void)state;
	int freed = 0;
	struct rme_runtime *rt;
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	struct thing a = {{thing_free, NULL, "router:a"}, &freed}, b = {{thing_free, NULL, "router:b"}, &freed},
	             c = {{thing_free, NULL, "rule:c"}, &freed}, again = {{thing_free, NULL, "router:a"}, &freed};
	assert_null(rmi_runtime_attached(rt, "router:a"));
	assert_ptr_equal(rmi_runtime_attach(rt, &a.base), &a);
	assert_ptr_equal(rmi_runtime_attach(rt, &c.base), &c);
	assert_ptr_equal(rmi_runtime_attach(rt, &b.base), &b);
	assert_ptr_equal(rmi_runtime_attach(rt, &again.base), &a);
	assert_ptr_equal(rmi_runtime_attached(rt, "rule:c"), &c);
	assert_ptr_equal(rmi_runtime_attachment(rt, "router:", 0), &a);
	assert_ptr_equal(rmi_runtime_attachment(rt, "router:", 1), &b);
	assert_null(rmi_runtime_attachment(rt, "router:", 2));
	rme_runtime_free(rt);
	assert_int_equal(freed, 3);
}

static void
attachments_are_bounded(void **state)
{
	(void)state;
	static struct thing things[RMI_RUNTIME_ATTACHMENTS_MAX + 1];
	static char keys[RMI_RUNTIME_ATTACHMENTS_MAX + 1][16];
	int freed = 0;
	struct rme_runtime *rt;
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	for (int i = 0; i <= RMI_RUNTIME_ATTACHMENTS_MAX; i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "k%d", i);
		things[i] = (struct thing){{thing_free, NULL, keys[i]}, &freed};
		struct rmi_attachment *there = rmi_runtime_attach(rt, &things[i].base);
		assert_true(i < RMI_RUNTIME_ATTACHMENTS_MAX ? there == &things[i].base : there == NULL);
	}
	rme_runtime_free(rt);
	assert_int_equal(freed, RMI_RUNTIME_ATTACHMENTS_MAX);
}

static enum rme_err
drop(struct rme_node *self, struct rme_packet *in)
{
	(void)self;
	rme_packet_unref(in);
	return RME_OK;
}

struct pair {
	struct rme_node_spec left, right;
};
static const struct rme_param pair_params[] = {
    {.name = "left", .kind = RME_PARAM_NODE, .offset = offsetof(struct pair, left)},
    {.name = "right", .kind = RME_PARAM_NODE, .offset = offsetof(struct pair, right)}, {.name = NULL}};
static const struct rme_node_type plain = {.name = "plain", .process = drop},
                                  blocking = {.name = "blocking", .process = drop, .flags = RME_NODE_BLOCKING},
                                  stateful = {.name = "stateful", .process = drop, .flags = RME_NODE_STATEFUL},
                                  pair = {.name = "pair",
                                      .process = drop,
                                      .flags = RME_NODE_ASYNC,
                                      .params = pair_params,
                                      .config_size = sizeof(struct pair)};

static void
a_node_blocks_if_a_node_in_it_does(void **state)
{
	(void)state;
	struct pair inner = {{.type = &plain}, {.type = &blocking}}, outer = {{.type = &stateful}, {.type = NULL}};
	struct rme_node_spec spec = {.type = &pair, .config = &inner};
	assert_int_equal(rmi_spec_flags(&spec), RME_NODE_ASYNC | RME_NODE_BLOCKING);
	outer.right = spec;
	spec.config = &outer;
	assert_int_equal(rmi_spec_flags(&spec), RME_NODE_ASYNC | RME_NODE_BLOCKING | RME_NODE_STATEFUL);
	spec.config = NULL;
	assert_int_equal(rmi_spec_flags(&spec), RME_NODE_ASYNC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_hangs_on_the_runtime_is_found_and_freed_once),
	    cmocka_unit_test(attachments_are_bounded),
	    cmocka_unit_test(a_node_blocks_if_a_node_in_it_does),
	};
	return cmocka_run_group_tests_name("attachment", tests, NULL, NULL);
}
