#include "cli/commands.h"
#include "cli/modules_commands.h"

static const struct rmi_command *const modules_commands[] = {&rmi_modules_new, &rmi_modules_build, &rmi_modules_list,
    &rmi_modules_inspect, &rmi_modules_verify,
#if RMI_HAVE_SIGN
    &rmi_modules_keygen, &rmi_modules_sign,
#endif
    &rmi_modules_compile, &rmi_modules_cache, &rmi_modules_pack_asr, NULL};

const struct rmi_command rmi_command_modules = {
    .name = "modules",
    .summary =
        "tell about WebAssembly modules: new, build, list, inspect, verify, keygen, sign, compile, cache, pack-asr",
    .help = "Modules are those of wasm-modules.yaml in the working folder or above it "
            "(docs/reference/wasm-modules-yaml.md), "
            "or .wasm files.",
    .commands = modules_commands,
};
