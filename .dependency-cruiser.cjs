// Which folder may import which: the arrows of ARCHITECTURE.md. A new arrow is a decision; write it down there.

/**
 * Inside a program: folder → the folders it may import. `types` are those of which it may import types only.
 *
 * Inside src-shared, the overlay carries payloads it does not understand: it knows neither protocol nor application.
 */
const SHARED = {
  base: { values: [], types: [] },
  "node-set": { values: ["base"], types: [] },
  // Which hosts a component gets is checked against a directory; its elements, too, say where in their document they stand.
  application: { values: ["base", "node-set"], types: ["resource-directory"] },
  "resource-directory": { values: ["base", "node-set", "application"], types: [] },
  "output-text": { values: [], types: [] },
  // Names that were nearly right are corrected as in applications.
  "host-query": { values: ["application", "node-set"], types: ["controller-api"] },
  "controller-api": {
    values: ["base", "node-set", "application", "resource-directory"],
    types: ["overlay", "protocol"],
  },
  overlay: { values: ["base"], types: [] },
  protocol: { values: ["base", "node-set", "application", "overlay"], types: [] },
  simulator: {
    values: ["base", "node-set", "application", "resource-directory", "overlay", "protocol"],
    types: [],
  },
  node: { values: ["base", "overlay", "protocol"], types: [] },
};

/** Inside src-main: start-controller.ts hands the controller its adapters. Faces know only ControllerApi. */
const MAIN = {
  matcher: { values: [], types: [] },
  controller: {
    values: ["matcher"],
    types: [
      "fleet",
      "results",
      "journal",
      "overlay-root",
      "ssh",
      "deploy",
      "documents",
      "terminals",
      "host-doors",
    ],
  },
  fleet: { values: [], types: ["deploy", "overlay-root"] },
  results: { values: [], types: [] },
  journal: { values: [], types: [] },
  "overlay-root": { values: [], types: [] },
  ssh: { values: [], types: [] },
  deploy: { values: ["ssh"], types: [] },
  documents: { values: [], types: [] },
  terminals: { values: ["ssh"], types: [] },
  "host-doors": { values: ["ssh"], types: [] },
  // What is the same for a window in Electron and one in a browser.
  "window-session": { values: [], types: [] },
  window: { values: ["window-session", "documents"], types: [] },
  web: { values: ["window-session"], types: [] },
  // Other programs of the same person ask a running controller through it.
  "info-door": { values: [], types: [] },
  "command-line": { values: ["documents", "info-door"], types: [] },
  "xml-rpc": { values: [], types: [] },
};

/** Inside src-client: the core says what is to be done, the others do it; client.ts brings them together. */
const CLIENT = {
  core: { values: [], types: [] },
  "overlay-member": { values: [], types: ["core"] },
  software: { values: [], types: ["core"] },
  processes: { values: [], types: ["core"] },
  collect: { values: [], types: ["core"] },
  metrics: { values: ["core"], types: [] },
  log: { values: [], types: ["core"] },
  // Hosts that are none: the same cores, with a network and processes that are simulated.
  simulated: { values: ["core"], types: [] },
};

/** Inside src-renderer: the shell shows views, views read state, state knows no view. */
const VIEWS = [
  "application-view",
  "resource-view",
  "host-view",
  "world-view",
  "tree-view",
  "output-view",
  "terminal-tab",
];
const RENDERER = {
  shell: { values: [...VIEWS, "marks", "state"], types: [] },
  ...Object.fromEntries(VIEWS.map((view) => [view, { values: ["marks", "state"], types: [] }])),
  // What several views draw: glyphs, bars, fields, words.
  marks: { values: ["state"], types: [] },
  state: { values: [], types: [] },
};

const FACES = ["window", "web", "info-door", "command-line", "xml-rpc"];
const ENTRIES =
  "^(src-main/(main|preload|cli)[.]ts|src-client/(client|simulated-hosts)[.]ts|src-renderer/(index[.]html|renderer[.]tsx))$";
const ELECTRON_HOMES = "^src-main/(window/|main[.]ts$|preload[.]ts$)";
const PURE_FOLDERS = "^(src-shared/(?!node/)|src-main/(matcher|controller)/|src-client/core/)|-layout[.]ts$";
const SHELLS = "^src-main/controller/controller[.]ts$|-shell[.]ts$";
/** What a window may see of the ground. */
const RENDERER_GROUND = [
  "base",
  "node-set",
  "application",
  "resource-directory",
  "controller-api",
  "host-query",
  "output-text",
];

const oneOf = (names) => `(${names.join("|")})`;

function forbid(name, comment, from, to) {
  return { name, comment, severity: "error", from, to };
}

/** Rules for one program's folders from its table, plus one that catches folders missing from the table. */
function folderRules(program, table) {
  const folders = Object.keys(table);
  const rules = folders.flatMap((folder) => {
    const { values, types } = table[folder];
    const from = { path: `^${program}/${folder}/` };
    const may = [folder, ...values, ...types];
    return [
      forbid(
        `${program}-${folder}-folders`,
        `${program}/${folder} may import of ${program} only: ${may.join(", ")}.`,
        from,
        { path: `^${program}/`, pathNot: `^${program}/${oneOf(may)}/` },
      ),
      ...(types.length === 0
        ? []
        : [
            forbid(
              `${program}-${folder}-types-only`,
              `${program}/${folder} may import only types from: ${types.join(", ")}.`,
              from,
              { path: `^${program}/${oneOf(types)}/`, dependencyTypesNot: ["type-only"] },
            ),
          ]),
    ];
  });
  return [
    ...rules,
    forbid(
      `${program}-unknown-folder`,
      `A folder of ${program} that is not in .dependency-cruiser.cjs: add it there and to ARCHITECTURE.md.`,
      { path: `^${program}/[^/]+/`, pathNot: `^${program}/${oneOf(folders)}/` },
      {},
    ),
  ];
}

module.exports = {
  forbidden: [
    forbid(
      "no-cycles",
      "Modules that import each other cannot be read or tested apart.",
      {},
      { circular: true },
    ),
    forbid(
      "no-orphans",
      "Nobody imports this module and it imports nothing: remove it, or use it.",
      { orphan: true, path: "^src-", pathNot: [ENTRIES, "[.]d[.]ts$"] },
      {},
    ),
    forbid(
      "no-barrels",
      "A folder's face is the file with the folder's name; index files hide who needs what.",
      {},
      { path: "(^|/)index[.](ts|tsx|mts|cts)$", pathNot: "node_modules/" },
    ),
    forbid("no-unresolved", "The imported module does not exist.", {}, { couldNotResolve: true }),
    forbid(
      "no-tests-from-sources",
      "Programs know nothing of tests, benchmarks and tools.",
      { path: "^src-" },
      { path: "^(test|bench|tools)/" },
    ),
    forbid(
      "no-importing-entries",
      "An entry starts a program when it is loaded; import what it wires instead.",
      {},
      { path: ENTRIES },
    ),
    forbid(
      "no-program-from-shared",
      "The ground knows none of the programs that stand on it.",
      { path: "^src-shared/" },
      { path: "^src-(main|client|renderer)/" },
    ),
    forbid(
      "no-program-from-program",
      "Programs meet only in src-shared: they run in different processes.",
      { path: "^src-(main|client|renderer)/" },
      { path: "^src-(main|client|renderer)/", pathNot: "^src-$1/" },
    ),
    forbid(
      "no-simulator-in-programs",
      "The simulated world is for tests, benchmarks and simulated hosts.",
      { path: "^src-(main|client/(?!simulated/)|renderer)" },
      { path: "^src-shared/simulator/" },
    ),
    forbid(
      "no-node-in-pure-code",
      "Pure code has no I/O: return an effect, and let a shell perform it.",
      { path: PURE_FOLDERS, pathNot: SHELLS },
      { dependencyTypes: ["core"], pathNot: "^(node:)?path/posix$" },
    ),
    forbid(
      "no-node-in-renderer",
      "The window is a browser: it has no Node.",
      { path: "^src-renderer/" },
      { dependencyTypes: ["core"] },
    ),
    forbid(
      "electron-in-one-place",
      "Only src-main/window/, main.ts and preload.ts know Electron, so that all else runs without it.",
      {
        path: "^(src-|test/|bench/|tools/)",
        pathNot: [ELECTRON_HOMES, "^test/(src-main/)?window/", "^tools/electron-default-app[.]mjs$"],
      },
      { path: "^electron($|/)|(^|/)node_modules/electron/" },
    ),
    forbid(
      "window-only-from-main",
      "The command line runs where Electron is not installed: only main.ts opens windows.",
      { path: "^src-main/", pathNot: "^src-main/(window/|main[.]ts$|preload[.]ts$)" },
      { path: "^src-main/window/" },
    ),
    forbid(
      "faces-not-to-wire-formats",
      "A face speaks ControllerApi; what travels to the hosts is none of its business.",
      { path: `^src-main/${oneOf(FACES)}/` },
      { path: "^src-shared/(overlay|protocol|simulator)/" },
    ),
    forbid(
      "processes-not-to-overlay",
      "Processes are watched the same way whatever becomes of the overlay.",
      { path: "^src-client/(software|processes)/" },
      { path: "^src-shared/overlay/" },
    ),
    forbid(
      "wiring-only-from-entries",
      "start-controller.ts wires the program; only entries (and tests) ask for it.",
      { path: "^src-", pathNot: ENTRIES },
      { path: "^src-main/start-controller[.]ts$" },
    ),
    forbid(
      "wiring-knows-no-window",
      "start-controller.ts serves the command line too.",
      { path: "^src-main/start-controller[.]ts$" },
      { path: "^src-main/window/" },
    ),
    forbid(
      "renderer-ground",
      `The window sees of the ground only: ${RENDERER_GROUND.join(", ")}.`,
      { path: "^src-renderer/" },
      { path: "^src-shared/", pathNot: `^src-shared/${oneOf(RENDERER_GROUND)}/` },
    ),
    forbid(
      "no-dev-packages-in-programs",
      "Programs are shipped without development packages.",
      { path: "^src-" },
      {
        dependencyTypes: ["npm-dev"],
        dependencyTypesNot: ["type-only"],
        // Electron is what the desktop program runs in, and wants to be listed so.
        pathNot: "node_modules/(@types|electron)/",
      },
    ),
    forbid(
      "no-undeclared-packages",
      "The package is not in package.json.",
      {},
      { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    ),
    ...folderRules("src-shared", SHARED),
    ...folderRules("src-main", MAIN),
    ...folderRules("src-client", CLIENT),
    ...folderRules("src-renderer", RENDERER),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|release)/" },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".d.ts", ".mjs", ".js", ".cjs", ".json"],
    },
  },
};
