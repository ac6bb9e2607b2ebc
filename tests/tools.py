"""Find the programs that the tests drive, install them where that can be done, and say loudly where it cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSER = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
FIREFOXES = ("firefox-esr", "firefox")
MAC_FIREFOX = Path("/Applications/Firefox.app/Contents/MacOS/firefox")
APT_PACKAGES = {
    "chromium": ("chromium",),
    "firefox": ("firefox-esr", "pulseaudio"),  # which plays nothing where there is no sound to play to
    "ffmpeg": ("ffmpeg",),
}


def find_browser() -> str | None:
    """The path of a Chromium, or None."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return found or (str(MAC_BROWSER) if MAC_BROWSER.exists() else _playwright_browser())


def _playwright_browser() -> str | None:
    homes = (Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright")
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium")
    return next((str(path) for home in homes for pattern in patterns for path in sorted(home.glob(pattern))), None)


def find_firefox() -> str | None:
    """The path of a Firefox, or None."""
    found = next((path for name in FIREFOXES if (path := shutil.which(name))), None)
    return found or (str(MAC_FIREFOX) if MAC_FIREFOX.exists() else None)


def missing() -> list[str]:
    """What is not there."""
    found = {"chromium": find_browser(), "firefox": find_firefox(), "ffmpeg": shutil.which("ffmpeg")}
    return [name for name, path in found.items() if path is None]


def may_mount(folder: Path) -> bool:
    """Whether a test may mount a small disk, in a name space of its own, to see it fill up."""
    words = ["unshare", "-Urm", "mount", "-t", "tmpfs", "none", str(folder)]
    return bool(shutil.which("unshare")) and subprocess.run(words, capture_output=True, check=False).returncode == 0


def install(names: list[str]) -> None:
    """Install what is missing with what this system has: apt as root, Homebrew, or Playwright's own browser."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing {' and '.join(names)} for the tests ...", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        packages = [package for name in names for package in APT_PACKAGES[name]]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
        return
    if "chromium" in names:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if shutil.which("brew"):
        for name in {"ffmpeg", "firefox"} & set(names):
            subprocess.run(["brew", "install", "--quiet", name], check=False)


def main() -> int:
    """Make ready; with CI=true a lack is a failure."""
    if names := missing():
        install(names)
    if names := missing():
        print(f"\n*** There is no {' and no '.join(names)}: the tests that need it are LEFT OUT.")
        print("*** Debian: sudo apt install chromium firefox-esr pulseaudio ffmpeg")
        print("*** Mac: brew install ffmpeg firefox; brew install --cask chromium\n")
        return 1 if os.environ.get("CI") == "true" else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
