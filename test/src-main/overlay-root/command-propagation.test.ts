// The time that commands take to reach everybody, as the root can know it.
import { expect, test } from "vitest";
import { CommandPropagation } from "../../../src-main/overlay-root/command-propagation.ts";

test("is that of the last command that all have, and of several at once the longest", () => {
  const propagation = new CommandPropagation();
  propagation.stable(3, 0);
  expect(propagation.last).toBeUndefined();
  propagation.given(4, 10, 100);
  propagation.given(5, 3, 150);
  propagation.given(6, 1, 160);
  expect(propagation.last).toBeUndefined();
  propagation.stable(5, 180.4);
  expect(propagation.last).toEqual({ ms: 80, hosts: 10 });
  propagation.stable(5, 500);
  expect(propagation.last).toEqual({ ms: 80, hosts: 10 });
  propagation.stable(6, 200);
  expect(propagation.last).toEqual({ ms: 40, hosts: 1 });
});
