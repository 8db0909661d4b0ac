// The application as a diagram that is its run: blocks with their counts, gates with who is missing; or where to begin.
import { IconFileCode, IconLayoutGrid, IconSchema, IconTimeline } from "@tabler/icons-react";
import { useMemo, useState, type JSX } from "react";
import { useStore } from "zustand";
import { Empty } from "../marks/Empty.tsx";
import { documentsStore, fileNameOf } from "../state/documents-store.ts";
import { requestExamples, requestOpen } from "../state/requests.ts";
import { isOver, runsStore } from "../state/runs-store.ts";
import { placeBlocks } from "./block-layout.ts";
import type { Chosen } from "./chosen.ts";
import { Diagram } from "./Diagram.tsx";
import { Inspector } from "./Inspector.tsx";
import { Matrix } from "./Matrix.tsx";
import { StartPage } from "./StartPage.tsx";
import { Waterfall } from "./Waterfall.tsx";

type Shown = "diagram" | "matrix" | "waterfall" | "xml";

export function ApplicationView(): JSX.Element {
  const { application, parsed } = useStore(documentsStore);
  const run = useStore(runsStore, (state) => state.current);
  const [shown, setShown] = useState<Shown>("diagram");
  const [chosen, setChosen] = useState<Chosen | undefined>(undefined);
  const project = parsed?.specification?.project;
  const places = useMemo(() => (project === undefined ? undefined : placeBlocks(project)), [project]);
  if (application === undefined) return <StartPage />;
  const experiment = project?.experiment;
  const own = run !== undefined && run.experiment === experiment?.name ? run : undefined;
  return (
    <section className="view application-view">
      <div className="toolbar">
        <div className="segments" role="group" aria-label="Shown as">
          <button type="button" aria-pressed={shown === "diagram"} onClick={() => setShown("diagram")}>
            <IconSchema size={13} /> Diagram
          </button>
          <button type="button" aria-pressed={shown === "matrix"} onClick={() => setShown("matrix")}>
            <IconLayoutGrid size={13} /> Matrix
          </button>
          <button type="button" aria-pressed={shown === "waterfall"} onClick={() => setShown("waterfall")}>
            <IconTimeline size={13} /> Waterfall
          </button>
          <button type="button" aria-pressed={shown === "xml"} onClick={() => setShown("xml")}>
            <IconFileCode size={13} /> XML
          </button>
        </div>
        <span className="sub">
          {fileNameOf(application.path)}
          {own === undefined ? "" : isOver(own) ? `, run ${own.run}` : `, running as ${own.run}`}
        </span>
        <span className="grow" />
        <button type="button" className="button ghost" onClick={() => requestOpen("application")}>
          Open...
        </button>
        <button type="button" className="button ghost" onClick={requestExamples}>
          Examples...
        </button>
      </div>
      {shown === "xml" ? (
        <pre className="scroll xml" tabIndex={0} aria-label="The specification's text">
          {application.text ?? "The file could not be read."}
        </pre>
      ) : places === undefined ? (
        <Empty title="Nothing to draw">
          {project === undefined
            ? "The file cannot be read as an application; the problems below say why."
            : "It has no experiment, so there is nothing to run."}
        </Empty>
      ) : shown === "matrix" ? (
        <Matrix places={places} run={own} />
      ) : shown === "waterfall" ? (
        <Waterfall places={places} run={own} />
      ) : (
        <>
          <Diagram places={places} run={own} chosen={chosen} onChoose={setChosen} />
          {chosen === undefined ? null : <Inspector chosen={chosen} places={places} run={own} />}
        </>
      )}
    </section>
  );
}
