// The time that a command takes to reach everybody, as the root hears it.
import { expect, test } from "vitest";
import { Propagation } from "../../../src-shared/overlay/propagation.ts";

test("is over with the last acknowledgement, whoever else says what", () => {
  const propagation = new Propagation();
  propagation.acknowledged(1, 5, 0);
  propagation.given(4, [1, 3, 7, 7], 100);
  for (const rank of [1, 2, 3, 9]) propagation.acknowledged(rank, 4, 110);
  propagation.acknowledged(7, 3, 120);
  expect(propagation.last).toBeUndefined();
  propagation.acknowledged(7, 6, 130.4);
  expect(propagation.last).toEqual({ ms: 30, hosts: 4 });
  propagation.acknowledged(7, 6, 500);
  expect(propagation.last).toEqual({ ms: 30, hosts: 4 });
});

test("of commands that follow one another closely the last is followed", () => {
  const propagation = new Propagation();
  propagation.given(1, [1, 2], 0);
  propagation.given(2, [2, 2], 5);
  propagation.acknowledged(1, 2, 10);
  expect(propagation.last).toBeUndefined();
  propagation.acknowledged(2, 2, 12);
  expect(propagation.last).toEqual({ ms: 7, hosts: 1 });
});

test("one that goes away leaves what was known before", () => {
  const propagation = new Propagation();
  propagation.given(1, [1, 2], 0);
  propagation.acknowledged(1, 1, 1);
  propagation.acknowledged(2, 1, 2);
  propagation.given(2, [1, 2], 10);
  propagation.acknowledged(1, 2, 11);
  propagation.gone(2);
  propagation.acknowledged(2, 2, 5000);
  expect(propagation.last).toEqual({ ms: 2, hosts: 2 });
});
