#!/bin/sh
# Chromium for the browser tests, from the system's own packages.  Never fails: what is missing is said, not fatal.
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -d "/Applications/Google Chrome.app" ] && exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null && as_root="sudo -n"
fi
if command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" -eq 0 ] || [ -n "$as_root" ]; }; then
    echo "Installing Chromium for the browser tests ..."
    $as_root apt-get -qq update >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install -y --no-install-recommends chromium >/dev/null 2>&1 && exit 0
fi
echo "No Chromium found and none could be installed: the browser tests will be skipped."
echo "Install it with 'sudo apt-get install chromium' (Debian, Ubuntu) or 'brew install --cask chromium' (macOS)."
exit 0
