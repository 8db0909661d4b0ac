// What a window shows of each preference: its group, its words, its default, and when a change of it counts.
import { HOST_KEY_POLICIES, SSH_TRANSPORTS } from "#shared/resource-directory/resource-directory.ts";
import type { PreferenceEntry } from "#shared/controller-api/window-messages.ts";
import { OVERLAY_CHOICE, type PreferenceKey } from "./preferences.ts";

type Facts = Pick<PreferenceEntry, "group" | "title" | "meaning" | "fallback" | "applies"> &
  Partial<Pick<PreferenceEntry, "choices">>;

const YES_NO = ["yes", "no"];

/** In the order in which they are shown; docs/preferences.md has the same words. */
export const PREFERENCE_FACTS: Readonly<Record<PreferenceKey, Facts>> = {
  transport: {
    group: "SSH",
    title: "Transport",
    meaning: "How hosts are reached by SSH, where the directory does not say.",
    choices: SSH_TRANSPORTS,
    fallback: "ssh2",
    applies: "next start",
  },
  host_key_policy: {
    group: "SSH",
    title: "Host key policy",
    meaning: "Which host keys are taken, where the directory does not say.",
    choices: HOST_KEY_POLICIES,
    fallback: "as ~/.ssh/config has it, else ask",
    applies: "next start",
  },
  ssh_user: {
    group: "SSH",
    title: "User",
    meaning: "Who logs in on hosts, where the directory does not say.",
    fallback: "as ~/.ssh/config has it, else who you are here",
    applies: "next start",
  },
  ssh_identity: {
    group: "SSH",
    title: "Identity",
    meaning: "A private key's file that is tried before those of ~/.ssh/config.",
    fallback: "none",
    applies: "next start",
  },
  fanout: {
    group: "SSH",
    title: "Fan-out",
    meaning: "Hosts contacted at once.",
    fallback: "64",
    applies: "next run",
  },
  push_node: {
    group: "SSH",
    title: "Bring Node",
    meaning: "To hosts that have none.",
    choices: YES_NO,
    fallback: "yes",
    applies: "next start",
  },
  node_runtime: {
    group: "SSH",
    title: "Node to bring",
    meaning: "Path or URL.",
    fallback: "from the npm registry",
    applies: "next start",
  },
  controller_port: {
    group: "Controller and overlay",
    title: "Controller port",
    meaning: "The port that clients connect to; 0: any free one.",
    fallback: "0",
    applies: "next start",
  },
  ways: {
    group: "Controller and overlay",
    title: "Ways",
    meaning: "How links to ssh hosts may come about: some of client, controller, ssh.",
    fallback: "all",
    applies: "next start",
  },
  overlay: {
    group: "Controller and overlay",
    title: "Overlay",
    meaning: "How controller and clients are connected.",
    choices: OVERLAY_CHOICE.names,
    fallback: OVERLAY_CHOICE.name,
    applies: "next start",
  },
  degree: {
    group: "Controller and overlay",
    title: "Degree",
    meaning: "Hosts below one host of the overlay at most.",
    fallback: String(OVERLAY_CHOICE.degree),
    applies: "next start",
  },
  timeout: {
    group: "Runs",
    title: "Deadline of a run",
    meaning: "Longest time: 90s, 2m, 1h; 0: as the specification says.",
    fallback: "0",
    applies: "next run",
  },
  directory: {
    group: "Runs",
    title: "Resource directory",
    meaning: "Opened at the start when no other is named.",
    fallback: "directory.xml in the working directory, on the command line",
    applies: "next start",
  },
  results: {
    group: "Runs",
    title: "Results",
    meaning: "The folder below which each run gets one.",
    fallback: "runs in the state folder",
    applies: "next start",
  },
  results_keep: {
    group: "Runs",
    title: "Results kept",
    meaning: "Runs whose results are kept; the oldest go first.",
    fallback: "100",
    applies: "next start",
  },
  keep: {
    group: "Command line",
    title: "Keep software",
    meaning: "Leave software on the hosts for the next run; runs of a window always do.",
    choices: YES_NO,
    fallback: "no",
    applies: "command line",
  },
  output: {
    group: "Command line",
    title: "Output",
    meaning: "Form of the output.",
    choices: ["text", "json", "jsonl"],
    fallback: "text",
    applies: "command line",
  },
  colour: {
    group: "Command line",
    title: "Colours",
    meaning: "auto: on a terminal.",
    choices: ["auto", "always", "never"],
    fallback: "auto",
    applies: "command line",
  },
};
