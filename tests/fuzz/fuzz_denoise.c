/* denoise as its host sees it: a configuration and audio, both of them anything, in two items and a flush. */

#include <stdlib.h>
#include "denoise/denoise.c"
#include "../unit/modules/guest_host.h"
#include "module_items.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return module_items_run(data, size);
}
