#include <math.h>
#include <stdio.h>
#include <string.h>
#include <rme/node.h>
#include "nodes/catalog.h"
#include "nodes/json_io.h"

/* Answers with the keys of the existing system; what is wrong with the input is a result too (key "error"). */

enum { OPERATION_NAME_MAX = 60 };

/* One of the two operands: whole numbers stay whole as long as they fit. */
struct operand {
	bool whole;
	int64_t i;
	double d;
};

static bool
read_operand(struct operand *out, yyjson_val *v)
{
	if (!yyjson_is_num(v)) {
		return false;
	}
	out->d = yyjson_get_num(v);
	out->whole = yyjson_is_sint(v) || (yyjson_is_uint(v) && yyjson_get_uint(v) <= INT64_MAX);
	out->i = out->whole ? yyjson_get_sint(v) : 0;
	return true;
}

static yyjson_mut_val *
whole_or_real(yyjson_mut_doc *doc, bool whole, int64_t i, double d)
{
	return whole ? yyjson_mut_sint(doc, i) : yyjson_mut_real(doc, d);
}

static yyjson_mut_val *
add(yyjson_mut_doc *doc, const struct operand *a, const struct operand *b)
{
	int64_t i = 0;
	bool whole = a->whole && b->whole && !__builtin_add_overflow(a->i, b->i, &i);
	return whole_or_real(doc, whole, i, a->d + b->d);
}

static yyjson_mut_val *
subtract(yyjson_mut_doc *doc, const struct operand *a, const struct operand *b)
{
	int64_t i = 0;
	bool whole = a->whole && b->whole && !__builtin_sub_overflow(a->i, b->i, &i);
	return whole_or_real(doc, whole, i, a->d - b->d);
}

static yyjson_mut_val *
multiply(yyjson_mut_doc *doc, const struct operand *a, const struct operand *b)
{
	int64_t i = 0;
	bool whole = a->whole && b->whole && !__builtin_mul_overflow(a->i, b->i, &i);
	return whole_or_real(doc, whole, i, a->d * b->d);
}

static yyjson_mut_val *
divide(yyjson_mut_doc *doc, const struct operand *a, const struct operand *b)
{
	return yyjson_mut_real(doc, a->d / b->d);
}

static yyjson_mut_val *
power(yyjson_mut_doc *doc, const struct operand *a, const struct operand *b)
{
	int64_t i = 1;
	bool whole = a->whole && b->whole && b->i >= 0 && (b->i < 64 || (a->i >= -1 && a->i <= 1));
	for (int64_t n = whole ? (b->i < 64 ? b->i : b->i % 2 + 2) : 0; n > 0 && whole; n--) {
		whole = !__builtin_mul_overflow(i, a->i, &i);
	}
	return whole_or_real(doc, whole, i, pow(a->d, b->d));
}

/* The sign of the result is that of the divisor. */
static yyjson_mut_val *
modulo(yyjson_mut_doc *doc, const struct operand *a, const struct operand *b)
{
	if (a->whole && b->whole) {
		int64_t r = b->i == -1 ? 0 : a->i % b->i;
		return yyjson_mut_sint(doc, r != 0 && (r < 0) != (b->i < 0) ? r + b->i : r);
	}
	double r = fmod(a->d, b->d);
	return yyjson_mut_real(doc, r != 0 && (r < 0) != (b->d < 0) ? r + b->d : r);
}

static const struct {
	const char *name;
	yyjson_mut_val *(*run)(yyjson_mut_doc *doc, const struct operand *a, const struct operand *b);
	const char *by_zero; /* what is said where the second operand is 0; NULL = it may be */
} operations[] = {
    {"add", add, NULL},
    {"subtract", subtract, NULL},
    {"multiply", multiply, NULL},
    {"divide", divide, "Division by zero"},
    {"power", power, NULL},
    {"modulo", modulo, "Modulo by zero"},
};
enum { N_OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

enum { ERROR_BYTES = 128 };

static bool
read_operands(struct operand *a, struct operand *b, yyjson_val *args, const char *name, char error[ERROR_BYTES])
{
	if (!yyjson_is_arr(args) || yyjson_arr_size(args) < 2) {
		(void)snprintf(error, ERROR_BYTES, "Operation '%s' requires at least 2 arguments", name);
		return false;
	}
	if (!read_operand(a, yyjson_arr_get(args, 0)) || !read_operand(b, yyjson_arr_get(args, 1))) {
		(void)snprintf(error, ERROR_BYTES, "Operation '%s' takes numbers", name);
		return false;
	}
	return true;
}

/* The result, or NULL with a text in @p error. */
static yyjson_mut_val *
calculate(yyjson_mut_doc *doc, yyjson_val *operation, yyjson_val *args, char error[ERROR_BYTES])
{
	const char *name = yyjson_is_str(operation) ? yyjson_get_str(operation) : "?";
	name = strlen(name) <= OPERATION_NAME_MAX ? name : "(long name)";
	struct operand a, b;
	if (!read_operands(&a, &b, args, name, error)) {
		return NULL;
	}
	size_t i = 0;
	while (i < N_OPERATIONS && strcmp(operations[i].name, name) != 0) {
		i++;
	}
	if (i == N_OPERATIONS) {
		(void)snprintf(error, ERROR_BYTES, "Unknown operation: %s", name);
		return NULL;
	}
	if (b.d == 0 && operations[i].by_zero != NULL) {
		(void)snprintf(error, ERROR_BYTES, "%s", operations[i].by_zero);
		return NULL;
	}
	yyjson_mut_val *result = operations[i].run(doc, &a, &b);
	if (yyjson_mut_is_real(result) && !isfinite(yyjson_mut_get_real(result))) {
		(void)snprintf(error, ERROR_BYTES, "The result of '%s' is no number", name);
		return NULL;
	}
	return result;
}

static void
fill_answer(yyjson_mut_doc *doc, yyjson_mut_val *root, yyjson_val *in)
{
	yyjson_val *operation = yyjson_obj_get(in, "operation");
	yyjson_val *args = yyjson_obj_get(in, "args");
	if (operation == NULL || args == NULL) {
		(void)yyjson_mut_obj_add_str(doc, root, "error",
		    yyjson_is_obj(in) ? "Input must contain 'operation' and 'args' keys"
		                      : "Input must be a dictionary");
		(void)yyjson_mut_obj_add_val(doc, root, "input", yyjson_val_mut_copy(doc, in));
		return;
	}
	char error[ERROR_BYTES] = "out of memory";
	yyjson_mut_val *result = calculate(doc, operation, args, error);
	if (result == NULL) {
		(void)yyjson_mut_obj_add_strcpy(doc, root, "error", error);
	}
	(void)yyjson_mut_obj_add_val(doc, root, "operation", yyjson_val_mut_copy(doc, operation));
	(void)yyjson_mut_obj_add_val(doc, root, "args", yyjson_val_mut_copy(doc, args));
	if (result != NULL) {
		(void)yyjson_mut_obj_add_val(doc, root, "result", result);
	}
}

static enum rme_err
calculator_process(struct rme_node *self, struct rme_packet *in)
{
	yyjson_doc *request = NULL;
	enum rme_err e = rmi_json_in(&request, self, in);
	if (e == RME_OK) {
		char by[128];
		(void)snprintf(by, sizeof(by), "CalculatorNode[%.100s]", rme_node_name(self));
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *root = doc != NULL ? yyjson_mut_obj(doc) : NULL;
		bool whole = false;
		if (root != NULL) {
			fill_answer(doc, root, yyjson_doc_get_root(request));
			whole = yyjson_mut_obj_add_strcpy(doc, root, "processed_by", by);
			if (yyjson_mut_obj_get(root, "result") != NULL) {
				whole = yyjson_mut_obj_add_val(doc, root, "node_config", yyjson_mut_obj(doc)) && whole;
			}
			yyjson_mut_doc_set_root(doc, root);
		}
		e = rmi_json_emit(self, rme_packet_meta(in), whole ? doc : NULL);
		yyjson_mut_doc_free(doc);
	}
	yyjson_doc_free(request);
	rme_packet_unref(in);
	return e;
}

static enum rme_err
calculator_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type, (void)config, (void)want;
	*gives = rme_format_of(RME_MEDIA_JSON);
	return in->media == RME_MEDIA_ANY || in->media == RME_MEDIA_JSON ? RME_OK : RME_EFORMAT;
}

const struct rme_node_type rmi_calculator_type = {
    .name = "CalculatorNode",
    .category = "math",
    .help = "Applies an operation to two numbers.",
    .formats = calculator_formats,
    .process = calculator_process,
};
