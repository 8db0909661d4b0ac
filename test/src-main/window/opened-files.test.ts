// The files that a program is asked to open, out of command lines and of what a second start hands over.
import { expect, test } from "vitest";
import { filesOfHandover, filesOfWords } from "../../../src-main/window/opened-files.ts";

test("are the documents of a command line, where it was written", () => {
  const words = ["--no-sandbox", "/opt/nebula", "a.xml", "../B.XML", "/c/d.nebula", "--x=e.xml", "f.txt"];
  expect(filesOfWords(words, "/home/user/work")).toEqual([
    "/home/user/work/a.xml",
    "/home/user/B.XML",
    "/c/d.nebula",
  ]);
  expect(
    filesOfWords(
      Array.from({ length: 100 }, (_, index) => `${String(index)}.xml`),
      "/",
    ),
  ).toHaveLength(8);
});

test("are nothing of a handover that is none", () => {
  expect(filesOfHandover({ files: ["/a.xml"] })).toEqual(["/a.xml"]);
  for (const wrong of [
    undefined,
    null,
    1,
    {},
    { files: "/a.xml" },
    { files: [1] },
    { files: Array(9).fill("/a") },
  ])
    expect(filesOfHandover(wrong)).toEqual([]);
  expect(filesOfHandover({ files: ["x".repeat(5000)] })).toEqual([]);
});
