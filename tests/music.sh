#!/usr/bin/env bash
# Fetch free music from Debian's game packages: tests/music.sh small|live|training DIR unpacks each into DIR/<package>/.
# Nothing is installed, and nothing of it is kept in the repository: licences are per file.
set -euo pipefail
set_name=$1 folder=$2

small="zaz-data warzone2100-music planetblupi-music-ogg singularity-music pingus-data"
live="$small asc-music wesnoth-1.16-music ufoai-music hedgewars-data supertux-data colobot-common-sounds marsshooter-data fillets-ng-data
  frozen-bubble-data unknown-horizons asterisk-core-sounds-en-g722 asterisk-core-sounds-es-g722 asterisk-core-sounds-fr-g722
  asterisk-core-sounds-it-g722 asterisk-core-sounds-ru-g722"
training="$small asc-music wesnoth-1.16-music ufoai-music hedgewars-data supertux-data colobot-common-sounds blobwars-data
  drascula-music marsshooter-data freedroidrpg-data fretsonfire-songs-sectoid fretsonfire-songs-muldjord starfighter-data
  fillets-ng-data ardentryst frozen-bubble-data supertuxkart-data unknown-horizons flare-game 0ad-data
  brainparty-data enigma-data extremetuxracer-data glob2-data lincity-ng-data megaglest-data naev-data open-invaders-data
  openclonk-data redeclipse-data tecnoballz-data warmux-data widelands-data xmoto-data freedoom openttd-openmsx
  planetblupi-music-midi timgm6mb-soundfont musescore-general-soundfont-small opl3-soundfont"

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
  echo "music: apt-get and dpkg-deb are needed to fetch Debian's packages; on another system, point the tests at any folder" >&2
  exit 1
}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
case $set_name in
  small) packages=$small ;;
  live) packages=$live ;;
  training) packages=$training ;;
  *) echo "music: '$set_name' is no set; say small, live or training" >&2; exit 2 ;;
esac
apt-cache show zaz-data >/dev/null 2>&1 || apt-get update -qq
for package in $packages; do
  [ -d "$folder/$package" ] && continue
  echo "music: $package"
  rm -rf "$folder/.new" && mkdir "$folder/.new"
  (cd "$folder/.new" && apt-get download -qq "$package" 2>/dev/null && dpkg-deb -x ./*.deb files && rm -f ./*.deb) || {
    echo "music: $package could not be fetched" >&2
    exit 1
  }
  mv "$folder/.new/files" "$folder/$package" && rm -rf "$folder/.new"
done
find "$folder" -type f \( -iname '*.ogg' -o -iname '*.mp3' -o -iname '*.opus' -o -iname '*.it' -o -iname '*.xm' -o -iname '*.s3m' \) \
  -size +100k | wc -l | xargs echo "music: files of 100 kB and more:"
