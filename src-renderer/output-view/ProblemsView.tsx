// What went wrong, one entry for each reason: what happened, on which hosts, and what to do.
import { IconAlertOctagonFilled, IconAlertTriangleFilled, IconInfoCircle } from "@tabler/icons-react";
import type { JSX } from "react";
import { useStore } from "zustand";
import type { Problem } from "#shared/base/problem.ts";
import { parseNodeSet } from "#shared/node-set/node-set.ts";
import { Empty } from "../marks/Empty.tsx";
import { hostMenu } from "../marks/host-menu.ts";
import { dayTimeText, plural } from "../marks/words.ts";
import { documentProblems, documentsStore, fileNameOf } from "../state/documents-store.ts";
import { eventsStore, type RunProblem } from "../state/events-store.ts";
import { selectHosts } from "../state/selection-store.ts";

export function ProblemsView(): JSX.Element {
  const problems = useStore(eventsStore, (state) => state.problems);
  const documents = documentProblems(useStore(documentsStore));
  if (problems.length + documents.length === 0)
    return (
      <Empty title="No problems">What goes wrong is told here, with the hosts and with what to do.</Empty>
    );
  return (
    <div className="scroll problems" tabIndex={0} role="region" aria-label="Problems">
      {documents.map(({ problem, path }) => (
        <DocumentProblem
          key={`${path}:${String(problem.line)}:${problem.message}`}
          problem={problem}
          path={path}
        />
      ))}
      {problems.map((problem) => (
        <OneProblem key={`${problem.run}:${problem.step}:${problem.message}`} problem={problem} />
      ))}
    </div>
  );
}

const SIGNS = {
  error: <IconAlertOctagonFilled size={15} style={{ color: "var(--ink-failed)" }} aria-label="error" />,
  warning: <IconAlertTriangleFilled size={15} style={{ color: "var(--ink-suspect)" }} aria-label="warning" />,
  note: <IconInfoCircle size={15} style={{ color: "var(--text-3)" }} aria-label="note" />,
};

function OneProblem({ problem }: { readonly problem: RunProblem }): JSX.Element {
  const { severity, step, message, hosts, count, remedy, time } = problem;
  const names = (): readonly string[] => {
    const parsed = parseNodeSet(hosts);
    return parsed.kind === "ok" ? parsed.set.names() : [];
  };
  return (
    <article className="problem">
      {SIGNS[severity]}
      <div>
        <p className="what">
          {step === "" ? null : <b>{step}: </b>}
          <span className="mono">{message}</span>
        </p>
        {hosts === "" ? null : (
          <p>
            <button
              type="button"
              className="link mono"
              onClick={() => selectHosts(names())}
              {...hostMenu(names)}
            >
              {plural(count, "host")}: {hosts}
            </button>
          </p>
        )}
        {remedy === "" ? null : <p className="remedy">{remedy}</p>}
      </div>
      <time className="sub mono">{dayTimeText(Date.parse(time))}</time>
    </article>
  );
}

function DocumentProblem({
  problem,
  path,
}: {
  readonly problem: Problem;
  readonly path: string;
}): JSX.Element {
  return (
    <article className="problem">
      {SIGNS[problem.severity === "error" ? "error" : "warning"]}
      <div>
        <p className="what">{problem.message}</p>
        <p className="remedy">{problem.remedy}</p>
      </div>
      <span className="sub mono">
        {fileNameOf(path)}:{problem.line}
      </span>
    </article>
  );
}
