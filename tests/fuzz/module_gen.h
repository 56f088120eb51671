#ifndef FUZZ_MODULE_GEN_H
#define FUZZ_MODULE_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Makes a valid module with the module interface out of any bytes; each byte is a choice, and where they end the simplest
 * is made. @param recursion  functions may call themselves, directly and through the table
 * @return length, 0 = it did not fit
 */
size_t module_gen(uint8_t *out, size_t cap, const uint8_t *choices, size_t n, bool recursion);

#endif
