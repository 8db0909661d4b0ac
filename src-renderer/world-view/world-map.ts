// The outlines of land and borders (Natural Earth, public domain), read once; nothing is fetched from anywhere else.
import type { Feature, Geometry, MultiLineString } from "geojson";
import { feature, mesh } from "topojson-client";
import type { GeometryObject, Topology } from "topojson-specification";
import atlasAddress from "world-atlas/countries-110m.json?url";

export interface WorldMap {
  readonly land: Feature<Geometry>;
  readonly borders: MultiLineString;
}

let reading: Promise<WorldMap> | undefined;

export function readWorldMap(): Promise<WorldMap> {
  reading ??= fetch(atlasAddress)
    .then((response) => response.json())
    .then((topology: Topology<{ countries: GeometryObject; land: GeometryObject }>) => {
      const { countries, land } = topology.objects;
      return {
        land: feature(topology, land) as Feature<Geometry>,
        borders: mesh(topology, countries, (one, other) => one !== other),
      };
    });
  return reading;
}
