// Reads a resource directory from its XML: managers, and their hosts with node sets unfolded; mistakes become problems.
import { HOSTS_MAX } from "../application/application-limits.ts";
import { attributeOffset, attributeText, childrenOf, readCount } from "../application/element-reader.ts";
import { MANAGER_TYPES, MANAGER_TYPES_REMEDY } from "../application/manager-types.ts";
import { createProblemList, type ProblemList } from "../application/problem-list.ts";
import { attributeOf, readXml, type XmlDocument, type XmlElement } from "../application/xml-document.ts";
import { checkShape, elementShape, many, OPAQUE } from "../application/xml-shapes.ts";
import { hostIdOf } from "../base/ids.ts";
import type { Problem } from "../base/problem.ts";
import { parseHostName, type HostNames } from "./host-name.ts";
import { NO_SSH_WAY, readSshWay, type SshWay } from "./read-ssh-way.ts";
import { placeOfIndex, readSimulation, SIMULATED, SIMULATION_ATTRIBUTES } from "./read-simulation.ts";
import type { HostEntry, ResourceDirectory, ResourceManager, Simulation } from "./resource-directory.ts";

export interface ParsedDirectory {
  /** Undefined only when nothing can be made of the text: not well-formed, or another root. */
  readonly directory: ResourceDirectory | undefined;
  readonly problems: Problem[];
}

const LOCAL = "local";
const LOCAL_ADDRESS = "127.0.0.1";
const SUPPORTED_TYPES: readonly string[] = MANAGER_TYPES;
/** Their hosts need no list. */
const COUNTED_TYPES: readonly string[] = [LOCAL, SIMULATED];

const SSH_ATTRIBUTES = ["transport", "host_key_policy"];
const NODE_SHAPE = elementShape([
  ...["hostname", "user", "group", "site", "latitude", "longitude"],
  ...SSH_ATTRIBUTES,
]);
/** `cf` and `pg_slice` belonged to GENI's managers, `user` and `port_map` to PlanetLab's. */
const MANAGER_SHAPE = elementShape(
  [
    "type",
    "count",
    "group",
    "site",
    "latitude",
    "longitude",
    "cf",
    "pg_slice",
    ...SIMULATION_ATTRIBUTES,
    ...SSH_ATTRIBUTES,
  ],
  {
    node: many(NODE_SHAPE),
    user: many(OPAQUE),
    port_map: many(OPAQUE),
  },
);
export const DIRECTORY_SHAPE = elementShape([], { resource_manager: many(MANAGER_SHAPE) });
const HOMES: ReadonlyMap<string, string> = new Map([
  ["node", "<resource_manager>"],
  ["resource_manager", "<plush>"],
  ["project", "an application specification, which is another file"],
]);

/** Never throws. */
export function parseDirectory(text: string): ParsedDirectory {
  const result = readXml(text);
  if (result.kind === "error") return { directory: undefined, problems: [result.problem] };
  const problems = createProblemList(text);
  const directory = parseRoot(result.document, problems);
  return { directory, problems: problems.all() };
}

function parseRoot(document: XmlDocument, problems: ProblemList): ResourceDirectory | undefined {
  const { root } = document;
  const rootName = root.name;
  if (rootName !== "plush" && rootName !== "gush") {
    problems.error(
      root.span.start,
      `the root element is <${rootName}>`,
      "A resource directory starts with <plush> (or <gush>).",
    );
    return undefined;
  }
  if (childrenOf(root, "project").length > 0 && childrenOf(root, "resource_manager").length === 0) {
    problems.error(
      root.span.start,
      "this is an application specification, not a resource directory",
      "Are the two swapped? A directory has <resource_manager> elements.",
    );
    return undefined;
  }
  checkShape(document, DIRECTORY_SHAPE, HOMES, problems);
  const parser = new DirectoryParser(problems);
  const managers = childrenOf(root, "resource_manager").map((element) => parser.manager(element));
  return { rootName, managers };
}

/** What a <node>, or a manager with a count, says of its hosts, and where problems with their names are. */
interface EntrySource {
  readonly element: XmlElement;
  readonly type: string;
  readonly way: SshWay;
  readonly simulation: Simulation | undefined;
  readonly offset: number;
}

class DirectoryParser {
  readonly #problems: ProblemList;
  /** Every host so far, over all managers: names are unique in the whole directory. */
  readonly #hosts = new Map<
    string,
    { readonly entry: HostEntry; readonly owner: HostEntry[]; readonly place: number }
  >();
  #tooMany = false;

  constructor(problems: ProblemList) {
    this.#problems = problems;
  }

  manager(element: XmlElement): ResourceManager {
    const type = attributeText(element, "type")?.trim() ?? "";
    if (type === "") {
      this.#problems.error(element.span.start, "the resource manager has no type", MANAGER_TYPES_REMEDY);
    } else if (!SUPPORTED_TYPES.includes(type)) {
      const message = `hosts of a '${type}' resource manager cannot be reached yet`;
      this.#problems.warning(
        attributeOffset(element, "type"),
        message,
        'They are listed only; use type="ssh" for hosts reached by SSH.',
      );
    }
    const hosts: HostEntry[] = [];
    const way = readSshWay(element, type, NO_SSH_WAY, this.#problems);
    const simulation = readSimulation(element, type, this.#problems);
    const nodes = childrenOf(element, "node");
    for (const node of nodes) this.#node(node, type, { way, simulation }, hosts);
    this.#counted(element, type, simulation, hosts);
    return { span: element.span, type, hosts };
  }

  /** `count="12"` on a local manager stands for the hosts local1 to local12, on a simulated one for simulated1 to … */
  #counted(element: XmlElement, type: string, simulation: Simulation | undefined, hosts: HostEntry[]): void {
    const attribute = attributeOf(element, "count");
    if (attribute === undefined) return;
    if (!COUNTED_TYPES.includes(type)) {
      this.#problems.warning(
        attribute.nameSpan.start,
        "count has an effect on local and simulated resource managers only",
        "Delete it, or list the hosts with <node>.",
      );
      return;
    }
    const count = readCount(element, "count", { fallback: 0, min: 1, max: HOSTS_MAX }, this.#problems);
    const names = Array.from({ length: count }, (_, index) => `${type}${String(index + 1)}`);
    const source = { element, type, way: NO_SSH_WAY, simulation, offset: attribute.valueSpan.start };
    this.#addAll(source, { names, port: undefined }, hosts);
  }

  #node(
    element: XmlElement,
    type: string,
    around: { readonly way: SshWay; readonly simulation: Simulation | undefined },
    hosts: HostEntry[],
  ): void {
    const written = attributeText(element, "hostname");
    const offset = attributeOffset(element, "hostname");
    if (written === undefined) {
      this.#problems.error(
        offset,
        "the node has no hostname",
        'Write hostname="HOST:PORT" or hostname="node[1-10]:PORT".',
      );
      return;
    }
    const result = parseHostName(written);
    if (result.kind === "error") {
      this.#problems.error(offset + result.offset, `hostname '${written}': ${result.message}`, result.remedy);
      return;
    }
    const way = readSshWay(element, type, around.way, this.#problems);
    this.#addAll({ element, type, way, simulation: around.simulation, offset }, result, hosts);
  }

  #addAll(
    { element, type, way, simulation, offset }: EntrySource,
    { names, port }: HostNames,
    hosts: HostEntry[],
  ): void {
    const { span } = element;
    const shared = {
      span,
      managerType: type,
      port,
      user: attributeText(element, "user")?.trim(),
      ...way,
      ...(simulation === undefined ? {} : { simulation }),
      groups: groupsOf(element),
      site: attributeText(element, "site")?.trim(),
      latitude: this.#degrees(element, "latitude", 90),
      longitude: this.#degrees(element, "longitude", 180),
    };
    if ((shared.latitude === undefined) !== (shared.longitude === undefined)) {
      this.#problems.warning(
        span.start,
        "one of latitude and longitude is missing, so that the place is not known",
        "Write both.",
      );
    }
    const isPlaced = shared.site !== undefined || shared.latitude !== undefined;
    for (const name of names) {
      const address = type === LOCAL ? LOCAL_ADDRESS : name;
      const place = isPlaced ? undefined : placeOfIndex(simulation, hosts.length);
      if (!this.#add({ ...shared, ...place, id: hostIdOf(name), address }, hosts, offset)) return;
    }
  }

  /** False when it is of no use to go on with this element: its other hosts would have the same problem. */
  #add(entry: HostEntry, hosts: HostEntry[], offset: number): boolean {
    const known = this.#hosts.get(entry.id);
    if (known !== undefined) {
      const conflict = conflictOf(known.entry, entry);
      if (conflict === undefined) {
        const merged = mergedEntry(known.entry, entry);
        known.owner[known.place] = merged;
        this.#hosts.set(entry.id, { ...known, entry: merged });
        return true;
      }
      this.#problems.error(
        offset,
        `host '${entry.id}' is listed before with ${conflict}`,
        "Make both entries agree, or delete one.",
      );
      return false;
    }
    if (this.#hosts.size >= HOSTS_MAX) {
      if (!this.#tooMany) {
        this.#problems.error(
          offset,
          `the directory has more than ${String(HOSTS_MAX)} hosts`,
          "Delete the ones that are not needed.",
        );
      }
      this.#tooMany = true;
      return false;
    }
    this.#hosts.set(entry.id, { entry, owner: hosts, place: hosts.length });
    hosts.push(entry);
    return true;
  }

  #degrees(element: XmlElement, name: string, max: number): number | undefined {
    const text = attributeText(element, name)?.trim();
    if (text === undefined) return undefined;
    const degrees = /^[+-]?\d{1,3}(?:\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN;
    if (Math.abs(degrees) <= max) return degrees;
    const message = `'${text}' is no ${name}`;
    this.#problems.error(
      attributeOffset(element, name),
      message,
      `Write degrees from -${String(max)} to ${String(max)}, such as 32.88.`,
    );
    return undefined;
  }
}

/** A comma list; each once, in its order. */
function groupsOf(element: XmlElement): string[] {
  const names = (attributeText(element, "group") ?? "").split(",").map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))];
}

function conflictOf(known: HostEntry, again: HostEntry): string | undefined {
  if (known.managerType !== again.managerType) return `type '${known.managerType}'`;
  if (known.port !== undefined && again.port !== undefined && known.port !== again.port)
    return `port ${String(known.port)}`;
  if (known.user !== undefined && again.user !== undefined && known.user !== again.user)
    return `user '${known.user}'`;
  if (differs(known.transport, again.transport)) return `transport '${String(known.transport)}'`;
  if (differs(known.hostKeyPolicy, again.hostKeyPolicy))
    return `host_key_policy '${String(known.hostKeyPolicy)}'`;
  return undefined;
}

function differs(known: string | undefined, again: string | undefined): boolean {
  return known !== undefined && again !== undefined && known !== again;
}

function mergedEntry(known: HostEntry, again: HostEntry): HostEntry {
  return {
    ...known,
    port: known.port ?? again.port,
    user: known.user ?? again.user,
    transport: known.transport ?? again.transport,
    hostKeyPolicy: known.hostKeyPolicy ?? again.hostKeyPolicy,
    groups: [...new Set([...known.groups, ...again.groups])],
    site: known.site ?? again.site,
    latitude: known.latitude ?? again.latitude,
    longitude: known.longitude ?? again.longitude,
  };
}
