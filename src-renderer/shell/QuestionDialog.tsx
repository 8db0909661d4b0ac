// What a host or a key asks of the person: passphrases, passwords, unknown host keys. One question at a time.
import { Modal } from "@mantine/core";
import { useState, type FormEvent, type JSX } from "react";
import { useStore } from "zustand";
import type { Question } from "#shared/controller-api/questions.ts";
import { act } from "../state/controller-updates.ts";
import { tell, windowStore } from "../state/window-store.ts";

const TITLES: Readonly<Record<Question["kind"], string>> = {
  hostKey: "Unknown host key",
  consent: "Use it for the others, too?",
  secret: "An answer is needed",
  text: "An answer is needed",
};

/** Yes and no, as the person reads them. */
const CHOICES: Readonly<Partial<Record<Question["kind"], readonly [string, string]>>> = {
  hostKey: ["Accept and remember", "Refuse"],
  consent: ["Use it for all", "Ask for each"],
};

export function QuestionDialog(): JSX.Element {
  const question = useStore(windowStore, (state) => state.question);
  return (
    <Modal
      opened={question !== undefined}
      onClose={() => question !== undefined && give(question, undefined)}
      title={question === undefined ? "" : TITLES[question.kind]}
      closeButtonProps={{ "aria-label": "Close" }}
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
  const choices = CHOICES[question.kind];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    give(question, choices === undefined ? text : "yes");
  };
  return (
    <form onSubmit={submit}>
      <pre className="quoted">{question.text}</pre>
      {question.kind === "hostKey" ? (
        <p>Nothing has been sent to it yet. Compare the fingerprint with one that you have from elsewhere.</p>
      ) : null}
      {choices === undefined ? (
        <input
          className="field"
          autoFocus
          aria-label="Answer"
          type={question.kind === "secret" ? "password" : "text"}
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      ) : null}
      <div className="dialog-acts">
        <button
          type="button"
          className="button"
          data-autofocus={choices !== undefined || undefined}
          onClick={() => give(question, choices === undefined ? undefined : "no")}
        >
          {choices?.[1] ?? "Cancel"}
        </button>
        <button type="submit" className={`button ${choices === undefined ? "main" : ""}`}>
          {choices?.[0] ?? "Answer"}
        </button>
      </div>
    </form>
  );
}
