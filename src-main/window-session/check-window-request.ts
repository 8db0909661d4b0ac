// What a window may ask: every message from it is checked here, once, before anything is done.
import { z } from "zod";
import { DURATION_MS_MAX } from "#shared/application/durations.ts";
import { WATCHED_HOSTS_MAX } from "#shared/controller-api/host-metrics.ts";
import type {
  WindowRequest,
  WindowRequestName,
  WindowRequests,
} from "#shared/controller-api/window-messages.ts";

const NAME_CHARACTERS_MAX = 4096;
/** A node set of ten thousand hosts without any pattern in their names. */
const NODE_SET_CHARACTERS_MAX = 1_000_000;
const DOCUMENT_CHARACTERS_MAX = 32 * 1024 * 1024;
const HOSTS_MAX = 100_000;
/** A paste; larger ones come in pieces. */
const BYTES_MAX = 1024 * 1024;
const COLUMNS_MAX = 1000;
const TITLE_CHARACTERS_MAX = 300;
const FANOUT_MAX = 4096;
/** A refusal names what is wrong, not all hundred thousand places of it. */
const REFUSAL_CHARACTERS_MAX = 2000;

const name = z.string().max(NAME_CHARACTERS_MAX);
const optionalName = z.union([name, z.undefined()]);
const hostSet = z.union([z.string().max(NODE_SET_CHARACTERS_MAX), z.undefined()]);
const milliseconds = z.union([z.number().int().positive().max(DURATION_MS_MAX), z.undefined()]);
const fanout = z.number().int().min(1).max(FANOUT_MAX);
const count = z.number().int().min(0);
const terminal = count;
const columns = z.number().int().min(1).max(COLUMNS_MAX);

/** The system would take the part before a NUL for the whole. */
const path = z
  .string()
  .min(1)
  .max(NAME_CHARACTERS_MAX)
  .refine((text) => !text.includes("\0"));
/** A name or an address; no option of a program, and nothing that ends an argument. */
const hostAddress = z.string().regex(/^[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,254}$/);
const someBytes = z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength <= BYTES_MAX);

const source = z.strictObject({ path: name, text: z.string().max(DOCUMENT_CHARACTERS_MAX).optional() });

const choice = { hosts: hostSet, group: optionalName, exclude: hostSet };

const SCHEMAS: { readonly [Name in WindowRequestName]: z.ZodType } = {
  loadApplication: source,
  loadDirectory: source,
  openExample: z.strictObject({ name }),
  startRun: z.strictObject({
    fanout,
    keep: z.boolean(),
    stayConnected: z.boolean(),
    deadlineMs: milliseconds,
    results: optionalName,
    variables: z.record(name, z.string().max(DOCUMENT_CHARACTERS_MAX)),
  }),
  startCommand: z.strictObject({
    fanout,
    command: z.string().min(1).max(DOCUMENT_CHARACTERS_MAX),
    ...choice,
    connectedOnly: z.boolean(),
    stayConnected: z.boolean(),
    wantsInput: z.literal(false),
    deadlineMs: milliseconds,
    results: optionalName,
    keep: z.boolean(),
  }),
  endRun: z.strictObject({
    run: name,
    cause: z.enum(["stop", "abort", "interrupt", "timeout"]),
    reason: name,
  }),
  failHosts: z.strictObject({ hosts: z.array(name).max(HOSTS_MAX), reason: name }),
  force: z.strictObject({ run: name, name }),
  connect: z.strictObject({ hosts: hostSet, fanout }),
  disconnect: z.strictObject({ hosts: hostSet }),
  testHosts: z.strictObject({
    fanout,
    ...choice,
    users: z.array(name).max(HOSTS_MAX),
    components: z.boolean(),
    newKeys: z.enum(["ask", "list"]).optional(),
  }),
  answer: z.strictObject({ question: name, answer: optionalName }),
  openTerminal: z.strictObject({ host: name, columns, rows: columns }),
  writeTerminal: z.strictObject({
    terminal,
    bytes: someBytes,
  }),
  resizeTerminal: z.strictObject({ terminal, columns, rows: columns }),
  seenTerminal: z.strictObject({ terminal, bytes: count }),
  closeTerminal: z.strictObject({ terminal }),
  readHostKeys: z.strictObject({}),
  decideHostKeys: z.strictObject({
    decision: z.enum(["accept", "refuse"]),
    keys: z.array(z.strictObject({ name, fingerprint: name })).max(HOSTS_MAX),
  }),
  replaceHostKey: z.strictObject({ review: name }),
  openFiles: z.strictObject({ host: name }),
  listFiles: z.strictObject({ files: count, path }),
  makeFileDirectory: z.strictObject({ files: count, path }),
  renameFile: z.strictObject({ files: count, from: path, to: path }),
  removeFile: z.strictObject({ files: count, path, kind: z.enum(["file", "directory", "link", "other"]) }),
  startDownload: z.strictObject({ files: count, path, whole: z.boolean().optional() }),
  startUpload: z.strictObject({ files: count, path, replace: z.boolean() }),
  putBytes: z.strictObject({ transfer: count, bytes: someBytes }),
  endUpload: z.strictObject({ transfer: count }),
  cancelTransfer: z.strictObject({ transfer: count }),
  closeFiles: z.strictObject({ files: count }),
  openForward: z.strictObject({
    host: name,
    address: hostAddress,
    port: z.number().int().min(1).max(65_535),
  }),
  closeForward: z.strictObject({ forward: count }),
  keepWindowState: z.strictObject({ state: z.string().max(DOCUMENT_CHARACTERS_MAX) }),
  watchHosts: z.strictObject({ hosts: z.array(name).max(WATCHED_HOSTS_MAX) }),
  seenState: z.strictObject({ sequence: count }),
  runWaits: z.strictObject({ run: name }),
  runSpans: z.strictObject({ run: name }),
  saveGroup: z.strictObject({ group: name, hosts: z.array(name).min(1).max(HOSTS_MAX), write: z.boolean() }),
  chooseFile: z.strictObject({ kind: z.enum(["application", "directory"]) }),
  detachTab: z.strictObject({
    tab: z.strictObject({
      component: z.string().regex(/^[a-z-]{1,40}$/u),
      title: z.string().min(1).max(TITLE_CHARACTERS_MAX),
      host: optionalName.optional(),
    }),
    terminal: z.union([terminal, z.undefined()]),
  }),
  adoptTerminal: z.strictObject({ shell: name, columns, rows: columns }),
  readPreferences: z.strictObject({}),
  writePreferences: z.strictObject({ changes: z.record(name, z.union([name, z.null()])) }),
};

const envelope = z.strictObject({
  kind: z.literal("request"),
  id: count,
  name: z.enum(Object.keys(SCHEMAS) as [WindowRequestName, ...WindowRequestName[]]),
  arguments: z.unknown(),
});

export type CheckedRequest =
  | { readonly kind: "ok"; readonly request: AnyWindowRequest }
  /** `id` undefined: not even that could be read. */
  | { readonly kind: "refused"; readonly id: number | undefined; readonly message: string };

/** One of the requests, its arguments fitting its name. */
export type AnyWindowRequest = { [Name in WindowRequestName]: WindowRequest<Name> }[WindowRequestName];

export function checkWindowRequest(message: unknown): CheckedRequest {
  const outer = envelope.safeParse(message);
  if (!outer.success) return { kind: "refused", id: idOf(message), message: wordsOf(outer.error) };
  const { id, name: wanted } = outer.data;
  const inner = SCHEMAS[wanted].safeParse(outer.data.arguments);
  if (!inner.success) return { kind: "refused", id, message: `${wanted}: ${wordsOf(inner.error)}` };
  const given = inner.data as WindowRequests[WindowRequestName]["arguments"];
  return { kind: "ok", request: { kind: "request", id, name: wanted, arguments: given } as AnyWindowRequest };
}

function wordsOf(error: z.ZodError): string {
  const words = z.prettifyError(error);
  return words.length <= REFUSAL_CHARACTERS_MAX ? words : `${words.slice(0, REFUSAL_CHARACTERS_MAX)}…`;
}

function idOf(message: unknown): number | undefined {
  const id = typeof message === "object" && message !== null && "id" in message ? message.id : undefined;
  return typeof id === "number" ? id : undefined;
}
