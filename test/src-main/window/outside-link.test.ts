// Only addresses that lead where they say, by https, are offered to the person's browser.
import { expect, test } from "vitest";
import { outsideLinkOf } from "../../../src-main/window/outside-link.ts";

test.each([
  ["https://www.cs.williams.edu/nebula?a=1#b", "https://www.cs.williams.edu/nebula?a=1#b"],
  ["HTTPS://Example.org", "https://example.org/"],
  // Shown as the network knows it, not as it looks.
  ["https://gооgle.com/", "https://xn--ggle-55da.com/"],
  ["http://127.0.0.1:8080/status", "http://127.0.0.1:8080/status"],
  ["http://localhost:8080/", "http://localhost:8080/"],
  ["http://[::1]:8080/", "http://[::1]:8080/"],
])("opens %s", (address, shown) => {
  expect(outsideLinkOf(address)).toBe(shown);
});

test.each([
  "http://example.org/",
  "http://127.0.0.1.example.org/",
  "https://known.example@elsewhere.example/",
  "https://user:secret@example.org/",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "data:text/html,x",
  "ms-msdt:/id",
  "smb://host/share",
  "ssh://host",
  "//example.org",
  "",
  `https://example.org/${"a".repeat(2000)}`,
])("does not open %s", (address) => {
  expect(outsideLinkOf(address)).toBeUndefined();
});
