#ifndef RMI_SERVE_DESCRIPTORS_H
#define RMI_SERVE_DESCRIPTORS_H

/**
 * @file
 * The serialized descriptions (FileDescriptorProto) of all protocols that are served, made by protoc at build time, and
 * an index over them for reflection. Nothing is decoded but names.
 */

#include <rme/err.h>

#include <stddef.h>

/** Embedded FileDescriptorSet. */
extern const unsigned char rmi_descriptor_set[];
extern const size_t rmi_descriptor_set_len;

enum { RMI_DESCRIPTOR_FILES_MAX = 32, RMI_DESCRIPTOR_NAME_MAX = 256 };

/** Not terminated. */
struct rmi_name {
	const char *text;
	size_t len;
};

struct rmi_descriptor_file {
	struct rmi_name name;
	const unsigned char *data;
	size_t len;
};

/** One bit per file, lowest = the set's first. */
typedef unsigned rmi_file_bits;

struct rmi_descriptors {
	struct rmi_descriptor_file file[RMI_DESCRIPTOR_FILES_MAX];
	rmi_file_bits imports[RMI_DESCRIPTOR_FILES_MAX]; /**< all of them, theirs included */
	size_t n;
};

/** Index a set; @p set outlives the index. @return RME_OK, RME_EPROTO, RME_ELIMIT */
RME_NODISCARD enum rme_err rmi_descriptors_open(struct rmi_descriptors *d, const unsigned char *set, size_t len);

/** Index of the file with this name, or -1. */
int rmi_descriptors_file(const struct rmi_descriptors *d, struct rmi_name name);

/** Index of the file that defines a message, enum, service or method by its full name, or -1. */
int rmi_descriptors_symbol(const struct rmi_descriptors *d, struct rmi_name symbol);

/** Call @p each with every service's full name, until it returns false. */
void
rmi_descriptors_services(const struct rmi_descriptors *d, _Bool (*each)(void *ctx, struct rmi_name service), void *ctx);

#endif
