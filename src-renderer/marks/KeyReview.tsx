// A host that shows another key than the known one: both side by side, what replacing does, and the person's word for it.
import { Modal } from "@mantine/core";
import { useState, type JSX } from "react";
import type { ChangedHostKey } from "#shared/controller-api/changed-host-key.ts";
import { ask } from "../state/controller-updates.ts";

interface KeyReviewProps {
  readonly changed: ChangedHostKey;
  /** What the button that replaces says. */
  readonly act?: string;
  readonly onClose: () => void;
  readonly onReplaced: () => void;
}

export function KeyReview({
  changed,
  act = "Replace the key and connect",
  onClose,
  onReplaced,
}: KeyReviewProps): JSX.Element {
  const { review, name, shown, known } = changed;
  const [isCompared, setCompared] = useState(false);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const replace = async (): Promise<void> => {
    try {
      const answer = await ask("replaceHostKey", { review });
      if (answer.kind === "refused") return setProblem(answer.message);
      onClose();
      return onReplaced();
    } catch (error) {
      return setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const places = [...new Set(known.map(({ file }) => file))].join(", ");
  return (
    <Modal
      opened
      onClose={onClose}
      title={`The key of ${name} has changed`}
      centered
      size={620}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": "Close" }}
      transitionProps={{ duration: 0 }}
      classNames={{ content: "dialog", header: "dialog-head", body: "dialog-body" }}
    >
      <p>
        Either the host was set up anew, or somebody else answers in its place and would hear all that you
        type. Ask whoever looks after the host for its fingerprint (<code>ssh-keygen -lf</code> on the host).
      </p>
      <table className="key-review">
        <tbody>
          {known.map(({ keyType, fingerprint, file, line }) => (
            <tr key={`${file} ${String(line)}`}>
              <th scope="row">known</th>
              <td className="mono">
                {keyType} {fingerprint}
                <span className="sub">
                  {file}, line {line}
                </span>
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row">shown now</th>
            <td className="mono">
              {shown.keyType} {shown.fingerprint}
            </td>
          </tr>
        </tbody>
      </table>
      <label className="radio">
        <input type="checkbox" checked={isCompared} onChange={({ target }) => setCompared(target.checked)} />I
        have compared the key shown now with one that I have from elsewhere: it is the host&apos;s.
      </label>
      <p className="sub">
        Replacing takes the known key out of {places} and writes down the new one. The file as it is now is
        kept beside it.
      </p>
      {problem === undefined ? null : (
        <p className="note failed" role="alert">
          {problem}
        </p>
      )}
      <div className="dialog-acts">
        <button type="button" className="button" data-autofocus onClick={onClose}>
          Leave it
        </button>
        <button
          type="button"
          className="button danger filled"
          disabled={!isCompared}
          onClick={() => void replace()}
        >
          {act}
        </button>
      </div>
    </Modal>
  );
}
