// What a host or a key asks of the person: passphrases, passwords, unknown host keys. One question at a time.
import { Modal } from "@mantine/core";
import { useState, type FormEvent, type JSX } from "react";
import { useStore } from "zustand";
import type { Question } from "#shared/controller-api/questions.ts";
import { act } from "../state/controller-updates.ts";
import { tell, windowStore } from "../state/window-store.ts";

export function QuestionDialog(): JSX.Element {
  const question = useStore(windowStore, (state) => state.question);
  return (
    <Modal
      opened={question !== undefined}
      onClose={() => question !== undefined && give(question, undefined)}
      title={question?.kind === "hostKey" ? "Unknown host key" : "An answer is needed"}
      centered
      closeOnClickOutside={false}
      classNames={{ content: "dialog", header: "dialog-head", body: "dialog-body" }}
    >
      {question === undefined ? null : <Answer key={question.id} question={question} />}
    </Modal>
  );
}

function give(question: Question, answer: string | undefined): void {
  act("answer", { question: question.id, answer }, (result) => {
    if (result.kind === "refused") tell("error", "The answer was not taken", result.message);
  });
}

function Answer({ question }: { readonly question: Question }): JSX.Element {
  const [text, setText] = useState("");
  const isKey = question.kind === "hostKey";
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    give(question, isKey ? "yes" : text);
  };
  return (
    <form onSubmit={submit}>
      <pre className="quoted">{question.text}</pre>
      {isKey ? (
        <p>Nothing has been sent to it yet. Compare the fingerprint with one that you have from elsewhere.</p>
      ) : (
        <input
          className="field"
          autoFocus
          aria-label="Answer"
          type={question.kind === "secret" ? "password" : "text"}
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
      <div className="dialog-acts">
        <button
          type="button"
          className="button"
          data-autofocus={isKey || undefined}
          onClick={() => give(question, isKey ? "no" : undefined)}
        >
          {isKey ? "Refuse" : "Cancel"}
        </button>
        <button type="submit" className={`button ${isKey ? "" : "main"}`}>
          {isKey ? "Accept and remember" : "Answer"}
        </button>
      </div>
    </form>
  );
}
