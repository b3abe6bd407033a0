/* What the map shows: the events themselves, grouped here, or groups that the server made where there are too many. */

const CLOSE = 56; // pixels nearer than which pins become one group
const PATIENCE = 20_000;
const SQUARE = 64; // pixels of a side of the squares in which the server groups
const CLOSEST = 18; // asked for so close, the server says each event of a square

/** The last part of an event's address: what list items are known by. */
export function slugOf(url) {
  return decodeURIComponent(url.slice(url.lastIndexOf("/") + 1));
}

/** The same point, in the copy of the world that is nearest to a longitude. */
export function near(longitude, centre) {
  return longitude + 360 * Math.round((centre - longitude) / 360);
}

/** Whether an event is one that the page's form asks for, and takes place. Dates are compared on the event's own clock. */
function wanted({ properties: event }, filter) {
  const day = event.starts_at.slice(0, 10);
  return (
    event.status !== "cancelled" &&
    (!filter.from || (event.ends_on ?? day) >= filter.from) &&
    (!filter.to || day <= filter.to) &&
    (!filter.kind || event.kind === filter.kind) &&
    (!filter.case || event.cases?.includes(filter.case)) &&
    (!filter.online || event.online)
  );
}

function pin(feature) {
  const [lon, lat] = feature.geometry.coordinates;
  return { key: `event:${slugOf(feature.properties.url)}`, lat, lon, count: 1, event: feature.properties };
}

/** Up to ten thousand events: all of them are here, and are grouped at each zoom. */
class Whole {
  constructor(features, Supercluster, maxZoom) {
    this.features = features;
    this.maxZoom = maxZoom;
    this.index = new Supercluster({
      radius: CLOSE,
      extent: 256,
      maxZoom,
      // A group is named after the town with the most of its events, as far as that is known from group to group.
      map: ({ place }) => ({ place: place ?? "", weight: 1 }),
      reduce: (all, one) => {
        if (one.place === all.place) all.weight += one.weight;
        else if (one.weight > all.weight) Object.assign(all, { place: one.place, weight: one.weight });
      },
    }).load(features);
  }

  async groups(bounds, zoom) {
    return this.index.getClusters(bounds, Math.min(zoom, this.maxZoom)).map((feature) => {
      if (!feature.properties.cluster) return pin(feature);
      const { cluster_id: id, point_count: count, place } = feature.properties;
      const [lon, lat] = feature.geometry.coordinates;
      return { key: `group:${id}`, id, lat, lon, count, place };
    });
  }

  /** The zoom at which a group falls apart, or null if it never does. */
  apart(group) {
    const zoom = this.index.getClusterExpansionZoom(group.id);
    return zoom > this.maxZoom ? null : zoom;
  }

  /** The events of a group, as far as they are here. */
  members(group) {
    return group.event ? [group.event] : this.index.getLeaves(group.id, Infinity).map(({ properties }) => properties);
  }

  async everyone(group) {
    return this.members(group);
  }

  find(slug) {
    const feature = this.features.find(({ properties }) => slugOf(properties.url) === slug);
    return feature && pin(feature);
  }

  extent() {
    return this.features.map(({ geometry }) => [geometry.coordinates[1], geometry.coordinates[0]]);
  }
}

/** More events than that: the server is asked for what is in view. Events at one and the same point are one group. */
class InView {
  constructor(address, filter, first, maxZoom) {
    this.address = address;
    this.filter = filter;
    this.first = first;
    this.maxZoom = maxZoom;
    this.here = [];
  }

  async groups([west, south, east, north], zoom) {
    this.zoom = zoom;
    this.asked?.abort();
    this.asked = new AbortController();
    const wrap = (longitude) => ((((longitude + 180) % 360) + 360) % 360) - 180;
    // Across the antimeridian west is the larger one, as in RFC 7946.
    const sides = east - west >= 360 ? [-180, south, 180, north] : [wrap(west), south, wrap(east), north];
    const features = await this.ask(sides.map((side) => side.toFixed(3)), zoom, this.asked);
    const points = new Map();
    for (const { geometry, properties } of features) {
      if (!geometry) continue;
      const [lon, lat] = geometry.coordinates;
      const at = `${lon},${lat}`;
      const group = points.get(at) ?? { key: `group:${at}`, lat, lon, count: 0, events: [], place: properties.place };
      group.count += properties.cluster ? properties.point_count : 1;
      if (!properties.cluster) group.events.push(properties);
      points.set(at, group);
    }
    this.here = [...points.values()].map((group) =>
      group.count === 1 && group.events.length === 1 ? pinOf(group) : group,
    );
    return this.here;
  }

  async ask(sides, zoom, control) {
    const url = new URL(this.address, location.href);
    url.searchParams.set("bbox", sides.join(","));
    url.searchParams.set("zoom", zoom);
    for (const [name, value] of Object.entries(this.filter)) if (value) url.searchParams.set(name, value);
    return (await fetchJson(url, control)).features;
  }

  apart(group) {
    return group.events?.length === group.count || this.zoom >= this.maxZoom ? null : Math.min(this.zoom + 2, this.maxZoom);
  }

  members(group) {
    return group.event ? [group.event] : group.events;
  }

  /** The events of a group. Where no closer look would part it, those of its square are asked for. */
  async everyone(group) {
    const known = this.members(group);
    if (known.length === group.count) return known;
    const side = (360 * SQUARE) / (256 * 2 ** this.zoom);
    const square = ([lon, lat]) => [Math.floor((lon + 180) / side), Math.floor((lat + 90) / side)];
    const [column, row] = square([group.lon, group.lat]);
    const [west, south] = [column * side - 180, row * side - 90];
    const sides = [west, south, Math.min(180, west + side), Math.min(90, south + side)].map((edge) => edge.toFixed(6));
    const features = await this.ask(sides, CLOSEST).catch(() => []);
    const inside = features.filter(({ geometry, properties }) => {
      if (!geometry || properties.cluster) return false;
      const [x, y] = square(geometry.coordinates);
      return x === column && y === row;
    });
    return inside.length ? inside.map(({ properties }) => properties) : known;
  }

  find(slug) {
    return this.here.find((group) => group.event && slugOf(group.event.url) === slug);
  }

  extent() {
    return this.first.filter(({ geometry }) => geometry).map(({ geometry: { coordinates } }) => [coordinates[1], coordinates[0]]);
  }
}

function pinOf({ lat, lon, events: [event] }) {
  return { key: `event:${slugOf(event.url)}`, lat, lon, count: 1, event };
}

async function fetchJson(url, control = new AbortController()) {
  const timer = setTimeout(() => control.abort(new DOMException("no answer in time", "TimeoutError")), PATIENCE);
  try {
    const headers = { Accept: "application/geo+json" };
    const answer = await fetch(url, { credentials: "same-origin", headers, signal: control.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return await answer.json();
  } finally {
    clearTimeout(timer);
  }
}

/** Ask for the events; the answer says itself whether it is all of them or groups. */
export async function load(address, filter, Supercluster, maxZoom) {
  const { features } = await fetchJson(address);
  if (features.some(({ properties }) => properties.cluster)) return new InView(address, filter, features, maxZoom);
  return new Whole(features.filter((one) => one.geometry && wanted(one, filter)), Supercluster, maxZoom);
}
