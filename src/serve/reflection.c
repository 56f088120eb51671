#include "serve/reflection.h"

#include "serve/pb.h"

#include "reflection.pb-c.h"

#include <stdio.h>
#include <string.h>

typedef Grpc__Reflection__V1__ServerReflectionRequest Request;
typedef Grpc__Reflection__V1__ServerReflectionResponse Response;

enum { SERVICES_MAX = 32 };

/* What an answer is built from. */
struct answer {
	Response response;
	Grpc__Reflection__V1__FileDescriptorResponse files;
	ProtobufCBinaryData file[RMI_DESCRIPTOR_FILES_MAX];
	Grpc__Reflection__V1__ListServiceResponse list;
	Grpc__Reflection__V1__ServiceResponse service[SERVICES_MAX];
	Grpc__Reflection__V1__ServiceResponse *services[SERVICES_MAX];
	char name[SERVICES_MAX][RMI_DESCRIPTOR_NAME_MAX];
	Grpc__Reflection__V1__ErrorResponse error;
	char text[RMI_DESCRIPTOR_NAME_MAX + 64];
};

static void
say_error(struct answer *a, enum rmi_status code, const char *text, const char *name)
{
	(void)snprintf(a->text, sizeof a->text, "%s%.200s", text, name);
	a->error.error_code = (int32_t)code;
	a->error.error_message = a->text;
	a->response.message_response_case =
	    GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
	a->response.error_response = &a->error;
}

static void
add_file(struct answer *a, const struct rmi_descriptor_file *f)
{
	union {
		const unsigned char *in;
		uint8_t *out; /* protobuf-c does not write to it */
	} data = {f->data};
	a->file[a->files.n_file_descriptor_proto++] = (ProtobufCBinaryData){f->len, data.out};
}

/* The file, then those that it imports: readers may build them without asking again. */
static void
say_file(struct answer *a, const struct rmi_descriptors *d, int index, const char *name)
{
	if (index < 0) {
		say_error(a, RMI_STATUS_NOT_FOUND, "not described here: ", name);
		return;
	}
	a->files.file_descriptor_proto = a->file;
	add_file(a, &d->file[index]);
	for (size_t i = 0; i < d->n; i++) {
		if ((d->imports[index] >> i & 1) != 0) {
			add_file(a, &d->file[i]);
		}
	}
	a->response.message_response_case =
	    GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
	a->response.file_descriptor_response = &a->files;
}

static bool
add_service(void *ctx, struct rmi_name service)
{
	struct answer *a = ctx;
	size_t i = a->list.n_service;
	if (i == SERVICES_MAX || service.len >= RMI_DESCRIPTOR_NAME_MAX) {
		return false;
	}
	memcpy(a->name[i], service.text, service.len);
	a->name[i][service.len] = '\0';
	grpc__reflection__v1__service_response__init(&a->service[i]);
	a->service[i].name = a->name[i];
	a->services[i] = &a->service[i];
	a->list.n_service++;
	return true;
}

static void
say_services(struct answer *a, const struct rmi_descriptors *d)
{
	rmi_descriptors_services(d, add_service, a);
	a->list.service = a->services;
	a->response.message_response_case =
	    GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
	a->response.list_services_response = &a->list;
}

static struct rmi_name
name_of(const char *text)
{
	return (struct rmi_name){text, strlen(text)};
}

static void
say(struct answer *a, const struct rmi_descriptors *d, const Request *r)
{
	switch ((int)r->message_request_case) {
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
		say_file(a, d, rmi_descriptors_file(d, name_of(r->file_by_filename)), r->file_by_filename);
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
		say_file(
		    a, d, rmi_descriptors_symbol(d, name_of(r->file_containing_symbol)), r->file_containing_symbol);
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
		say_services(a, d);
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
		say_error(a, RMI_STATUS_NOT_FOUND, "proto3 has no extensions", "");
		break;
	default:
		say_error(a, RMI_STATUS_INVALID_ARGUMENT, "the request asks for nothing", "");
		break;
	}
}

struct rmi_buf *
rmi_reflection_answer(const struct rmi_descriptors *d, const struct rmi_buf *request)
{
	struct rmi_pb_arena arena = {0};
	ProtobufCMessage *m = NULL;
	struct rmi_buf *out = NULL;
	if (rmi_pb_read(&arena, &grpc__reflection__v1__server_reflection_request__descriptor, request, &m) == RME_OK) {
		struct answer a;
		Request *r = (Request *)m;
		grpc__reflection__v1__server_reflection_response__init(&a.response);
		grpc__reflection__v1__file_descriptor_response__init(&a.files);
		grpc__reflection__v1__list_service_response__init(&a.list);
		grpc__reflection__v1__error_response__init(&a.error);
		a.response.valid_host = r->host;
		a.response.original_request = r;
		say(&a, d, r);
		out = rmi_pb_write(&a.response.base);
	}
	rmi_pb_done(&arena);
	return out;
}

static void
reflection_open(struct rmi_call *c, void *service)
{
	rmi_call_set_user(c, service);
	(void)rmi_call_read(c);
}

static void
reflection_message(struct rmi_call *c, struct rmi_buf *msg)
{
	if (msg == NULL) {
		(void)rmi_call_finish(c, RMI_STATUS_OK, NULL);
		return;
	}
	struct rmi_buf *out = rmi_reflection_answer(rmi_call_user(c), msg);
	rmi_buf_unref(msg);
	if (out == NULL) {
		(void)rmi_call_finish(c, RMI_STATUS_INVALID_ARGUMENT, "not a ServerReflectionRequest");
		return;
	}
	/* One answer per question, and no question is read while the answers before it fill the queue. */
	if (rmi_call_write(c, out) != RME_OK) {
		(void)rmi_call_finish(c, RMI_STATUS_RESOURCE_EXHAUSTED, "the answers are not read");
	} else if (rmi_call_writable(c)) {
		(void)rmi_call_read(c);
	}
}

static void
reflection_writable(struct rmi_call *c)
{
	(void)rmi_call_read(c);
}

static void
reflection_end(struct rmi_call *c, const struct rmi_end *end)
{
	(void)c;
	(void)end;
}

static const struct rmi_call_ops reflection_ops = {.on_open = reflection_open,
    .on_message = reflection_message,
    .on_writable = reflection_writable,
    .on_end = reflection_end};

void
rmi_reflection_methods(struct rmi_method out[static RMI_REFLECTION_METHODS], struct rmi_descriptors *d)
{
	out[0] = (struct rmi_method){
	    .path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", .ops = &reflection_ops, .service = d};
	out[1] = (struct rmi_method){.path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
	    .ops = &reflection_ops,
	    .service = d};
}
