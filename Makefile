# Each target calls a script or meson; see README.md. A machine without make runs scripts/demo.sh or scripts/test.sh itself.
BUILD ?= build
JOBS  ?= $(shell nproc)

build: $(BUILD)/build.ninja
	ninja -C $(BUILD) -j $(JOBS)
	scripts/build-modules.sh
	-$(BUILD)/rme modules pack-asr examples/speech/commands.gram -o build/modules/commands.asr

$(BUILD)/build.ninja:
	meson setup $(BUILD)

setup:
	scripts/setup.sh
demo:
	scripts/demo.sh
test:
	scripts/test.sh
test-hostile: build
	scripts/test-hostile.sh
lint: build
	scripts/lint.sh
bench:
	bench/run.sh
bench-wasm:
	bench/wasm/run.sh
eval:
	eval/run.sh
fuzz:
	scripts/fuzz.sh
docs:
	scripts/docs.sh
install: build
	meson install -C $(BUILD)
clean:
	rm -rf build build-* out

.PHONY: build setup demo test test-hostile lint bench bench-wasm eval fuzz docs install clean
