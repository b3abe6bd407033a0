/* What lies under the pins: outlines of land from this site, or a tile server's pictures where the site has one. */

const FINE_FROM = 4; // above this zoom the coarse outline shows its corners
const COARSE = "../../vendor/world-atlas/land-110m.json";
const FINE = "../../vendor/world-atlas/land-50m.json";

const OVER = 30; // degrees by which land may reach over the antimeridian: eastern Russia does

/** The files are made for a globe: a ring that crosses the antimeridian jumps from 180 to -180. On a flat map it goes on
    past 180 instead, and the one around the pole is closed along the map's foot. */
function unrolled(shape) {
  for (const { geometry } of shape.features) {
    for (const polygon of geometry.coordinates) for (const [at, ring] of polygon.entries()) polygon[at] = unrolledRing(ring);
  }
  return shape;
}

function unrolledRing(ring) {
  let turn = 0;
  const open = ring.map(([lon, lat], at) => {
    if (at) turn -= 360 * Math.round((lon - ring[at - 1][0]) / 360);
    return [lon + turn, lat];
  });
  const [first, last] = [open[0], open.at(-1)];
  if (Math.abs(last[0] - first[0]) > 180) return [...open, [last[0], -90], [first[0], -90], first];
  const lons = open.map(([lon]) => lon);
  const middle = (lons.reduce((low, lon) => Math.min(low, lon)) + lons.reduce((high, lon) => Math.max(high, lon))) / 2;
  const back = 360 * Math.round(middle / 360);
  return back ? open.map(([lon, lat]) => [lon - back, lat]) : open;
}

/** Leaflet's tiles, but a tile that is no longer wanted loses its address: Leaflet gives it a data: URL, which our
    policy forbids. */
function quietTiles(L) {
  return L.TileLayer.extend({
    _abortLoading() {
      for (const [key, { el, coords }] of Object.entries(this._tiles)) {
        if (coords.z === this._tileZoom) continue;
        el.onload = el.onerror = L.Util.falseFn;
        if (el.complete) continue;
        el.removeAttribute("src");
        el.remove();
        delete this._tiles[key];
        this.fire("tileabort", { tile: el, coords });
      }
    },
    _removeTile(key) {
      this._tiles[key]?.el.removeAttribute("src");
      return L.GridLayer.prototype._removeTile.call(this, key);
    },
    _tileReady(coords, fault, tile) {
      if (!this._map || (tile && !tile.hasAttribute("src"))) return;
      L.GridLayer.prototype._tileReady.call(this, coords, fault, tile);
    },
  });
}

/** Pictures from a tile server, as the site's owner chose. */
export function addTiles(L, map, url, maxZoom) {
  new (quietTiles(L))(url, { maxZoom, attribution: "" }).addTo(map);
}

/** Outlines of the land; finer ones come when somebody looks closer. */
export class Land {
  constructor(L, map, topojson, address) {
    Object.assign(this, { L, map, topojson, address });
    this.renderer = L.svg({ padding: 0.75 });
    this.layers = new Map();
    this.shapes = new Map();
    map.on("moveend", () => this.draw());
  }

  async outline(name) {
    if (!this.shapes.has(name)) {
      const got = fetch(this.address(name), { credentials: "same-origin" })
        .then((answer) => answer.json())
        .then((topology) => unrolled(this.topojson.feature(topology, topology.objects.land)));
      got.catch(() => this.shapes.delete(name)); // asked for again at the next move
      this.shapes.set(name, got);
    }
    return this.shapes.get(name);
  }

  /** The coarse outline at once; the fine one, which is eight times as heavy, when it has come. */
  async draw() {
    const close = this.map.getZoom() > FINE_FROM && !navigator.connection?.saveData;
    if (!close || !this.layers.size) await this.show(COARSE);
    if (close) await this.show(FINE);
  }

  async show(name) {
    let shape;
    try {
      shape = await this.outline(name);
    } catch {
      return; // the pins stand without it
    }
    if (name === FINE && this.map.getZoom() <= FINE_FROM) return; // they went away again meanwhile
    // The world repeats itself: a copy for each time that the view reaches round it.
    const bounds = this.map.getBounds().pad(0.5);
    const first = Math.floor((bounds.getWest() + 180 - OVER) / 360);
    const wanted = new Set();
    for (let copy = first; copy <= Math.floor((bounds.getEast() + 180 + OVER) / 360); copy++) {
      const key = `${name} ${copy}`;
      wanted.add(key);
      if (!this.layers.has(key)) this.layers.set(key, this.layer(shape, copy));
      this.layers.get(key).addTo(this.map);
    }
    for (const [key, layer] of this.layers) if (!wanted.has(key)) layer.remove();
  }

  layer(shape, copy) {
    return this.L.geoJSON(shape, {
      interactive: false,
      coordsToLatLng: ([lon, lat]) => this.L.latLng(lat, lon + 360 * copy),
      style: { renderer: this.renderer, className: "w4r-map__land", weight: 1, fillOpacity: 1 },
    });
  }
}
