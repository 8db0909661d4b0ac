// Applications and directories with one mistake each, and what must be said about it; `▸` marks the place.

export interface BadDocument {
  readonly title: string;
  /** With `▸` where the problem is said to be; without one, only the file is named. */
  readonly text: string | Uint8Array;
  readonly says: RegExp;
  readonly help: RegExp;
}

export interface ApplicationParts {
  readonly definitions?: string;
  readonly hosts?: string;
  readonly software?: string;
  readonly resource?: string;
  readonly blocks?: string;
}

const RUNS_TRUE = processBlock("p", "<path>true</path>");

export function processBlock(name: string, process: string, predecessors = ""): string {
  return `<process_block name="${name}">${predecessors}<process name="t">${process}</process></process_block>`;
}

export function softwareOf(type: string, path: string, attributes = "", deadline = "30s"): ApplicationParts {
  const transfer = /^▸?[a-z]+:/.test(path) ? "web" : "file";
  const shown = `<package type="${transfer}" name="pack"${attributes}><path>${path}</path></package>`;
  return {
    definitions: `<software name="s" type="${type}" deadline="${deadline}">${shown}</software>`,
    software: '<software name="s"/>',
  };
}

export function applicationOf(parts: ApplicationParts = {}): string {
  return `<plush>
  <project name="bad">
    ${parts.definitions ?? ""}
    <component name="c">
      <rspec><num_hosts>${parts.hosts ?? "1"}</num_hosts></rspec>
      ${parts.software ?? ""}
      <resources>${parts.resource ?? '<resource type="local"/>'}</resources>
    </component>
    <experiment name="e">
      <execution>
        <component_block name="cb">
          <component name="c"/>
          ${parts.blocks ?? RUNS_TRUE}
        </component_block>
      </execution>
    </experiment>
  </project>
</plush>
`;
}

export function directoryOf(nodes: string): string {
  return `<plush>\n  <resource_manager type="local">\n    ${nodes}\n  </resource_manager>\n</plush>\n`;
}

const MEBIBYTE = 1024 * 1024;

function billionLaughs(): string {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
  );
  return `<?xml version="1.0"?>\n▸<!DOCTYPE plush [<!ENTITY l0 "lol">${levels.join("\n")}]>\n<plush>&l9;</plush>`;
}

function hostsOf(title: string, written: string, says: RegExp): BadDocument {
  return {
    title,
    text: applicationOf({ hosts: `▸${written}` }),
    says,
    help: /Write a whole number from 1 to 100000/,
  };
}

const encoder = new TextEncoder();

export const UNREADABLE_TEXTS: readonly BadDocument[] = [
  { title: "an empty file", text: "▸", says: /the document is empty/, help: /Start with <plush>/ },
  {
    title: "text that is no XML",
    text: "\n  ▸hello, this is no XML\n",
    says: /text stands where the first element should start/,
    help: /Start with <plush>/,
  },
  {
    title: "a binary file",
    text: Uint8Array.from({ length: 4096 }, (_, at) => (at * 7) % 256),
    says: /not text in UTF-8/,
    help: /right file/,
  },
  {
    title: "a file in UTF-16",
    text: Uint8Array.from(
      `\uFEFF${applicationOf()}`
        .split("")
        .flatMap((one) => [one.charCodeAt(0) & 255, one.charCodeAt(0) >> 8]),
    ),
    says: /not text in UTF-8/,
    help: /save it as UTF-8/,
  },
  {
    title: "text with a NUL",
    text: encoder.encode("<plush>\0</plush>"),
    says: /:1:8: error: this character is not allowed/,
    help: /Delete it/,
  },
  {
    title: "billion laughs",
    text: billionLaughs(),
    says: /document type declarations.*not allowed/,
    help: /Delete the declaration/,
  },
  {
    title: "an external entity",
    text: '▸<!DOCTYPE plush [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n<plush>&e;</plush>',
    says: /document type declarations.*not allowed/,
    help: /Delete the declaration/,
  },
  {
    title: "10 MB of nesting",
    text: `▸${"<a>".repeat((10 * MEBIBYTE) / 3)}`,
    says: /larger than 4 MiB/,
    help: /Split it/,
  },
  {
    title: "3 MB of nesting",
    text: `<plush>${"<a>".repeat(63)}▸${"<a>".repeat(MEBIBYTE)}`,
    says: /nested more than 64 deep/,
    help: /nest less/,
  },
  {
    title: "an attribute of 10 MB",
    text: `▸<plush a="${"x".repeat(10 * MEBIBYTE)}"/>`,
    says: /larger than 4 MiB/,
    help: /Split it/,
  },
  {
    title: "another root",
    text: "▸<html><body/></html>",
    says: /root element is <html>/,
    help: /starts with <plush>/,
  },
];

const after = (name: string): string => `<predecessor name="${name}"/>`;

export const WRONG_APPLICATIONS: readonly BadDocument[] = [
  {
    title: "unknown software",
    text: applicationOf({ software: '<software name="▸nothing"/>' }),
    says: /no software 'nothing'/,
    help: /Define it with <software>/,
  },
  {
    title: "an unknown component",
    text: applicationOf().replace('<component name="c"/>', '<component name="▸d"/>'),
    says: /no component 'd'/,
    help: /Define it with <component>/,
  },
  {
    title: "an unknown predecessor",
    text: applicationOf({ blocks: processBlock("p", "<path>true</path>", after("▸nobody")) }),
    says: /no block 'nobody'/,
    help: /Name a process block or barrier block in 'cb'/,
  },
  {
    title: "an unknown secret",
    text: applicationOf({
      blocks: processBlock(
        "p",
        '<path>true</path><environment><variable name="K" secret="▸key"/></environment>',
      ),
    }),
    says: /no secret 'key'/,
    help: /Define it with <secret>/,
  },
  {
    title: "an unknown variable",
    text: applicationOf({
      blocks: processBlock("p", "<path>echo</path><cmdline><arg>a ▸${var.port}</arg></cmdline>"),
    }),
    says: /var\.port|variable 'port'/,
    help: /./,
  },
  {
    title: "predecessors in a circle",
    text: applicationOf({
      blocks:
        processBlock("a", "<path>true</path>", after("▸b")) +
        processBlock("b", "<path>true</path>", after("a")),
    }),
    says: /blocks wait for each other: 'a' → 'b' → 'a'/,
    help: /Delete one of these predecessors/,
  },
  {
    title: "two components of one name",
    text: applicationOf({
      definitions:
        '<component name="c"><rspec><num_hosts>1</num_hosts></rspec><resources><resource type="local"/></resources></component>',
    }).replace('<component name="c">\n', '<component name="▸c">\n'),
    says: /two components are called 'c'/,
    help: /another name/,
  },
  {
    title: "two blocks of one name",
    text: applicationOf({ blocks: RUNS_TRUE + RUNS_TRUE.replace('"p"', '"▸p"') }),
    says: /two blocks in 'cb' are called 'p'/,
    help: /another name/,
  },
  {
    title: "an unknown group",
    text: applicationOf({ resource: '<resource type="local" group="▸none"/>' }),
    says: /no group 'none'/,
    help: /Correct the name/,
  },
  {
    title: "more hosts than there are",
    text: applicationOf({ hosts: "▸3" }),
    says: /wants 3 hosts and the resource directory has 1/,
    help: /Lower num_hosts, or add hosts/,
  },
  hostsOf("a negative number of hosts", "-1", /num_hosts is -1, which is less than 1/),
  hostsOf("no hosts at all", "0", /num_hosts is 0, which is less than 1/),
  hostsOf("half a host", "1.5", /'1.5' is no whole number/),
  hostsOf("a huge number of hosts", "99999999999999999999", /num_hosts is .*more than 100000/),
  {
    title: "a package by ftp",
    text: applicationOf(softwareOf("tar", "▸ftp://127.0.0.1/s.tar")),
    says: /cannot be fetched by ftp/,
    help: /http:\/\//,
  },
  {
    title: "a package whose file is absent",
    text: applicationOf(softwareOf("tar", "absent.tar")).replace("<package", "▸<package"),
    says: /package 'pack'.*absent\.tar/,
    help: /relative to the application/,
  },
  {
    title: "a package whose sha256 is wrong",
    text: applicationOf(softwareOf("none", "directory.xml", ` sha256="${"0".repeat(64)}"`)).replace(
      "<package",
      "▸<package",
    ),
    says: /sha256 of .*directory\.xml is [0-9a-f]{64} and should be 0{64}/,
    help: /Correct the sha256/,
  },
  {
    title: "a secret that is not set",
    text: applicationOf({
      definitions: '▸<secret name="key" from="env:NEBULA_TEST_UNSET"/>',
      blocks: processBlock(
        "p",
        '<path>true</path><environment><variable name="K" secret="key"/></environment>',
      ),
    }),
    says: /secret 'key': the environment has no variable NEBULA_TEST_UNSET/,
    help: /Set it before the run/,
  },
];

export const WRONG_DIRECTORIES: readonly BadDocument[] = [
  {
    title: "a node set bomb",
    text: directoryOf('<node hostname="▸node[1-999999999]"/>'),
    says: /node\[1-999999999\].*(?:too many|more than|100000)/,
    help: /./,
  },
  {
    title: "a node set of many dimensions",
    text: directoryOf('<node hostname="▸n[1-999]-[1-999]-[1-999]"/>'),
    says: /n\[1-999\].*(?:too many|more than|100000)/,
    help: /./,
  },
  {
    title: "a node set that is not closed",
    text: directoryOf('<node hostname="node▸[1-3"/>'),
    says: /node\[1-3/,
    help: /./,
  },
  {
    title: "a host listed twice with two ports",
    text: directoryOf('<node hostname="a:1"/>\n<node hostname="▸a:2"/>'),
    says: /host 'a' is listed before with port 1/,
    help: /Make both entries agree/,
  },
  {
    title: "an application in its place",
    text: `▸${applicationOf()}`,
    says: /this is an application specification/,
    help: /Are the two swapped/,
  },
  { title: "an empty directory file", text: "▸", says: /the document is empty/, help: /Start with <plush>/ },
];
