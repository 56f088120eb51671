set -e
[ -d build ] || meson setup build -Db_sanitize=address,undefined -Db_lundef=false > /tmp/setup.log || { tail -5 /tmp/setup.log; exit 1; }
ninja -C build -j2 $@ 2>&1 | grep -E "error|warning|FAILED|ninja:" -A6 | head -60
