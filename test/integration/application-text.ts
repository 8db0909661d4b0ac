// Writes application specifications for tests: short to read where they are used, complete when they are run.

export interface ComponentText {
  readonly name?: string;
  /** "3", or attributes: 'min="2" max="3"'. */
  readonly hosts: string;
  readonly software?: readonly string[];
  readonly group?: string;
  /** What its hosts do: blocks. */
  readonly blocks: string;
}

export interface ApplicationText {
  /** Variables, secrets, software. */
  readonly definitions?: string;
  /** Attributes of the experiment. */
  readonly experiment?: string;
  readonly managerType: string;
  readonly components: readonly ComponentText[];
}

export function applicationXml({
  definitions = "",
  experiment = "",
  managerType,
  components,
}: ApplicationText): string {
  const named = components.map((component, index) => ({
    ...component,
    name: component.name ?? `c${String(index + 1)}`,
  }));
  const definedComponents = named.map(({ name, hosts, software = [], group }) => {
    const count = /^\d+$/.test(hosts) ? `<num_hosts>${hosts}</num_hosts>` : `<num_hosts ${hosts}/>`;
    const used = software.map((one) => `<software name="${one}"/>`).join("");
    const resource = `<resource type="${managerType}"${group === undefined ? "" : ` group="${group}"`}/>`;
    return `<component name="${name}"><rspec>${count}</rspec>${used}<resources>${resource}</resources></component>`;
  });
  const blocks = named.map(
    ({ name, blocks: text }) =>
      `<component_block name="${name} block"><component name="${name}"/>${text}</component_block>`,
  );
  return `<plush>
  <project name="test">
    ${definitions}
    ${definedComponents.join("\n    ")}
    <experiment name="test" ${experiment}>
      <execution>
        ${blocks.join("\n        ")}
      </execution>
    </experiment>
  </project>
</plush>
`;
}

export interface ProcessText {
  readonly name?: string;
  /** Attributes of the process. */
  readonly attributes?: string;
  /** Further elements of the process: cwd, environment, policies, limits, collected files. */
  readonly inside?: string;
  readonly after?: readonly string[];
}

/** A process block that runs a program. */
export function processXml(path: string, args: readonly string[], options: ProcessText = {}): string {
  const { name = "p", attributes = "", inside = "", after = [] } = options;
  const predecessors = after.map((block) => `<predecessor name="${block}"/>`).join("");
  const cmdline = args.map((arg) => `<arg>${escapeXml(arg)}</arg>`).join("");
  return `<process_block name="${name}">${predecessors}<process name="${name}" ${attributes}><path>${escapeXml(path)}</path><cmdline>${cmdline}</cmdline>${inside}</process></process_block>`;
}

/** A process block that runs a shell script. */
export function shellXml(script: string, options: ProcessText = {}): string {
  return processXml("sh", ["-c", script], options);
}

/** A process block that runs a program text in the Node of its host. */
export function nodeXml(program: string, options: ProcessText = {}): string {
  return processXml("${host.node}", ["-e", program], options);
}

export function barrierXml(
  name: string,
  max: string,
  options: { readonly after?: readonly string[]; readonly attributes?: string } = {},
): string {
  const predecessors = (options.after ?? []).map((block) => `<predecessor name="${block}"/>`).join("");
  return `<barrier_block name="${name}">${predecessors}<barrier name="${name}" type="1" max="${max}" ${options.attributes ?? ""}/></barrier_block>`;
}

export function fileSoftwareXml(
  name: string,
  installer: string,
  files: Readonly<Record<string, string>>,
): string {
  const packages = Object.entries(files).map(
    ([destination, path], index) =>
      `<package name="${name} ${String(index)}" type="file"><path>${escapeXml(path)}</path><dest_path>${destination}</dest_path></package>`,
  );
  return `<software name="${name}" type="${installer}">${packages.join("")}</software>`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
