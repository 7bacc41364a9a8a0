#!/usr/bin/env bash
# Loads a real public file of nested areas into a record that is thrown away, serves it and looks at what comes out.
# docs/real-input.md says what the file is and what was seen. Called by `make real`.
set -euo pipefail
cache=${CACHE:-$HOME/.cache/shapan}
shapan=$(realpath "${BIN:-bin/shapan}")
file=$cache/qgis-common/usr/share/qgis/resources/data/world_map.gpkg

if [ ! -f "$file" ]; then
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || { echo "This needs Debian's apt-get and dpkg to fetch the package qgis-common."; exit 1; }
  mkdir -p "$cache"
  (cd "$cache" && apt-get -o APT::Sandbox::User=root -qq download qgis-common && dpkg -x qgis-common_*.deb qgis-common && rm qgis-common_*.deb)
fi

dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
: >"$dir/log"
"$shapan" serve --no-sample --listen 127.0.0.1:0 --data "$dir/data" 2>"$dir/log" &
pid=$!
until grep -q '^listening on ' "$dir/log"; do kill -0 "$pid"; sleep 0.1; done
url=$(sed -n 's/^listening on //p' "$dir/log")

echo "== load, while the service runs"
for layer in countries states_provinces disputed_borders; do
  echo "-- $layer"
  /usr/bin/time -f "%e s, %M kB" "$shapan" load "$layer" "$file" --table "$layer" --create --audience public --data "$dir/data" --skip-bad || true
done
sleep 2

echo "== layers"
"$shapan" layer list --data "$dir/data"

echo "== served counts, and which areas hold a point (114.308, 30.5674)"
for layer in countries states_provinces; do
  printf '%s: ' "$layer"
  curl -sf "$url/collections/$layer/items?limit=1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["numberMatched"])'
  curl -sf "$url/nearest/$layer?lon=114.308&lat=30.5674&k=1" | python3 -c '
import json, sys
f = json.load(sys.stdin)["features"][0]
print("   ", f["properties"].get("name") or f["properties"].get("NAME"), f["distance"], "m away")'
done

echo "== tiles: address, status, bytes, seconds"
for address in 0/0/0 1/1/0 2/3/1 3/6/3 4/13/6 5/26/13 6/52/26 6/63/20 6/0/20; do
  curl -s --compressed -o "$dir/tile.mvt" -w "$address %{http_code} %{size_download} %{time_total}\n" "$url/xyz/countries,states_provinces/$address.mvt"
done

echo "== export, as GDAL reads it"
curl -sf --compressed "$url/export/states_provinces.geojson" -o "$dir/states_provinces.geojson"
if command -v ogrinfo >/dev/null; then
  ogrinfo -so -q "$dir/states_provinces.geojson" states_provinces | grep -E 'Feature Count|Extent' || true
  ogrinfo -q "$dir/states_provinces.geojson" -dialect sqlite -sql 'select count(*) as features, sum(not ST_IsValid(geometry)) as invalid from states_provinces' | grep '=' || true
fi
grep -v '^admin token\|^wall' "$dir/log" || true
