// A plush.prefs that is changed by a window: the values that were meant, and not a byte of anything else.
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { editPreferences } from "../../../src-main/documents/edit-preferences.ts";
import { parsePreferences } from "../../../src-main/documents/preferences.ts";
import { UserPreferences } from "../../../src-main/documents/user-preferences.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const TEXT = `# mine
fanout = 8   # a slow network
unknown_key = stays
  directory = "my hosts.xml"

colour=never
`;

function edited(text: string, changes: Parameters<typeof editPreferences>[1]): string {
  const result = editPreferences(text, changes);
  if (result.kind !== "ok") throw new Error(result.message);
  return result.text;
}

describe("editPreferences", () => {
  test("changes values where they stand, and keeps comments, blanks and what it does not know", () => {
    expect(edited(TEXT, { fanout: "32", directory: "other.xml" })).toBe(
      TEXT.replace("= 8", "= 32").replace('"my hosts.xml"', "other.xml"),
    );
  });

  test("adds what is not there, and takes away what goes back to the default", () => {
    expect(edited(TEXT, { fanout: null, degree: "4" })).toBe(
      `${TEXT.replace("fanout = 8   # a slow network\n", "")}degree = 4\n`,
    );
    expect(edited("", { degree: "4" })).toBe("degree = 4\n");
    expect(edited("colour = never", { degree: "4" })).toBe("colour = never\ndegree = 4\n");
    expect(edited("degree = 4\n", { degree: null })).toBe("");
  });

  test("of a key that is set twice leaves one line, where the one was that counted", () => {
    expect(edited("fanout = 1\n# between\nfanout = 2\n", { fanout: "3" })).toBe("# between\nfanout = 3\n");
  });

  test("leaves a line of another key alone, whatever its value looks like", () => {
    const text = '# fanout = 1\ndirectory = "fanout = 2"\n';
    expect(edited(text, { fanout: "3" })).toBe(`${text}fanout = 3\n`);
  });

  test("keeps the ends of lines and the mark of other systems", () => {
    expect(edited("\uFEFFfanout = 1\r\ncolour = never\r\n", { fanout: "2" })).toBe(
      "\uFEFFfanout = 2\r\ncolour = never\r\n",
    );
  });

  test("refuses what no line can hold", () => {
    for (const path of ["two\nlines", `both " and '`])
      expect(editPreferences("", { directory: path })).toMatchObject({ kind: "refused", key: "directory" });
  });

  test("what is written is read again, whatever the path", () => {
    const path = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((text) => text.trim() === text && !text.includes("\0"));
    fc.assert(
      fc.property(path, fc.constantFrom("", TEXT), (directory, text) => {
        const result = editPreferences(text, { directory });
        if (result.kind === "refused") return;
        expect(parsePreferences(result.text, "").preferences.directory).toBe(directory);
      }),
    );
  });
});

describe("a person's preferences", () => {
  function place(environment: Record<string, string> = {}) {
    const root = temporaryFolder();
    const [workingDirectory, configDirectory] = [join(root, "work"), join(root, "config", "nebula")];
    mkdirSync(workingDirectory);
    const preferences = new UserPreferences({ workingDirectory, configDirectory, environment });
    return { workingDirectory, configDirectory, path: join(configDirectory, "plush.prefs"), preferences };
  }
  const entryOf = async (preferences: UserPreferences, key: string) =>
    (await preferences.read()).entries.find((entry) => entry.key === key);

  test("are written into a file that was not there, with what wants a restart", async () => {
    const { preferences, path } = place();
    expect(await entryOf(preferences, "overlay")).toMatchObject({ own: undefined, counts: undefined });
    const written = await preferences.write({ overlay: "rand-tree", fanout: "8", timeout: "2m" });
    expect(written.kind).toBe("written");
    expect(readFileSync(path, "utf8")).toBe("overlay = rand-tree\nfanout = 8\ntimeout = 2m\n");
    expect(await entryOf(preferences, "overlay")).toMatchObject({ own: "rand-tree", wantsRestart: true });
    expect(await entryOf(preferences, "fanout")).toMatchObject({
      own: "8",
      counts: "8",
      wantsRestart: false,
    });
    expect(await entryOf(preferences, "timeout")).toMatchObject({ counts: "2m" });
    await preferences.write({ overlay: null });
    expect(await entryOf(preferences, "overlay")).toMatchObject({ own: undefined, wantsRestart: false });
  });

  test("are refused as a whole by the words of the parser when one of them is wrong", async () => {
    const { preferences, path } = place();
    expect(await preferences.write({ fanout: "0", degree: "4", nonsense: "1", overlay: "ring" })).toEqual({
      kind: "refused",
      problems: [
        { key: "fanout", message: "must be a whole number from 1 to 4096" },
        { key: "nonsense", message: "there is no preference 'nonsense'" },
        { key: "overlay", message: expect.stringContaining("must be one of star") },
      ],
    });
    expect(existsSync(path)).toBe(false);
  });

  test("say what stands above them", async () => {
    const { preferences, workingDirectory } = place({ PLUSH_DEGREE: "5" });
    writeFileSync(join(workingDirectory, "plush.prefs"), "fanout = 7\nfan = 1\n");
    await preferences.write({ degree: "4", fanout: "9" });
    expect(await entryOf(preferences, "degree")).toMatchObject({
      own: "4",
      counts: "5",
      from: "PLUSH_DEGREE",
    });
    expect(await entryOf(preferences, "fanout")).toMatchObject({
      own: "9",
      counts: "7",
      from: join(workingDirectory, "plush.prefs"),
    });
    expect((await preferences.read()).problems).toEqual([expect.stringContaining("unknown key 'fan'")]);
  });

  test("follow a link, and change what it leads to", async () => {
    const { preferences, configDirectory, path, workingDirectory } = place();
    mkdirSync(configDirectory, { recursive: true });
    const real = join(workingDirectory, "dotfile");
    writeFileSync(real, "# kept\n");
    symlinkSync(real, path);
    await preferences.write({ fanout: "9" });
    expect(readlinkSync(path)).toBe(real);
    expect(readFileSync(real, "utf8")).toBe("# kept\nfanout = 9\n");
  });

  test("two windows at once lose nothing of each other", async () => {
    const { preferences, path } = place();
    await Promise.all([preferences.write({ fanout: "9" }), preferences.write({ degree: "4" })]);
    expect(readFileSync(path, "utf8")).toBe("fanout = 9\ndegree = 4\n");
  });

  test("say why they cannot be written", async () => {
    const { preferences, configDirectory } = place();
    // A file where the folder should be: also root cannot write below it.
    mkdirSync(join(configDirectory, ".."), { recursive: true });
    writeFileSync(configDirectory, "");
    const refused = await preferences.write({ fanout: "9" });
    expect(refused).toMatchObject({
      kind: "refused",
      problems: [{ message: expect.stringContaining(configDirectory) }],
    });
  });
});
