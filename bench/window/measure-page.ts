// What is measured in the page itself: frames, switches between views, keystrokes in the filter.
import type { Page } from "playwright-core";

export interface FrameTimes {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

const SETTLE_MS = 1500;

/** Milliseconds from the key of a view until two frames later: the first draws it, the second shows that it was drawn. */
export async function switchView(page: Page, key: number): Promise<number> {
  const ms = await page.evaluate(async (digit) => {
    const began = performance.now();
    document.body.dispatchEvent(
      new KeyboardEvent("keydown", { key: String(digit), ctrlKey: true, bubbles: true }),
    );
    await new Promise((resolve) => {
      requestAnimationFrame(() => requestAnimationFrame(resolve));
    });
    return performance.now() - began;
  }, key);
  await page.waitForTimeout(SETTLE_MS / 5);
  return ms;
}

/** Frames of the view in front over so many seconds. */
export async function frameTimes(page: Page, seconds: number): Promise<FrameTimes> {
  await page.waitForTimeout(SETTLE_MS);
  const times = await page.evaluate(async (forMs) => {
    const found: number[] = [];
    const began = performance.now();
    await new Promise<void>((resolve) => {
      let last = began;
      const next = (now: number): void => {
        found.push(now - last);
        last = now;
        if (now - began > forMs) resolve();
        else requestAnimationFrame(next);
      };
      requestAnimationFrame(next);
    });
    return found.slice(1);
  }, seconds * 1000);
  return timesOf(times);
}

/** Each character of the text into the filter of the view in front, until two frames later. */
export async function keystrokes(page: Page, text: string): Promise<FrameTimes> {
  const times = await page.evaluate(async (whole) => {
    const fields = [...document.querySelectorAll<HTMLInputElement>("input[type=search]")];
    const field = fields.find((one) => one.offsetParent !== null);
    if (field === undefined) throw new Error("there is no filter in sight");
    const write = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
    const found: number[] = [];
    for (let length = 1; length <= whole.length; length += 1) {
      const began = performance.now();
      write?.call(field, whole.slice(0, length));
      field.dispatchEvent(new Event("input", { bubbles: true }));
      await new Promise((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(resolve));
      });
      found.push(performance.now() - began);
      await new Promise((resolve) => {
        setTimeout(resolve, 150);
      });
    }
    write?.call(field, "");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return found;
  }, text);
  return timesOf(times);
}

function timesOf(times: readonly number[]): FrameTimes {
  const sorted = [...times].sort((left, right) => left - right);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, median: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
}
