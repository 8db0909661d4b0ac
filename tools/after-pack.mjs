// electron-builder calls this for each package: puts in the Node that embedded hosts run by, since Electron is none there.
import { chmod, copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Arch } from "electron-builder";

/** @param {import("electron-builder").AfterPackContext} context */
export default async function afterPack({ appOutDir, arch, electronPlatformName, packager }) {
  const wanted = `${electronPlatformName}-${Arch[arch]}`;
  const given = process.env["NEBULA_PACKAGE_NODE"];
  const node = given ?? process.execPath;
  if (given === undefined && wanted !== `${process.platform}-${process.arch}`)
    throw new Error(`set NEBULA_PACKAGE_NODE to the program of a Node for ${wanted}`);
  if (given === undefined && isShared())
    throw new Error(
      `${node} needs a library of this system: set NEBULA_PACKAGE_NODE to a Node that is one file, as nodejs.org has it`,
    );
  const name = electronPlatformName === "win32" ? "node.exe" : "node";
  const resources = packager.getResourcesDir(appOutDir);
  const path = join(resources, name);
  // A program of its own would be started by it, if the archive were away.
  await rm(join(resources, "default_app.asar"), { force: true });
  await copyFile(node, path);
  await chmod(path, 0o755);
}

/** Distributions split Node into a small program and a library. */
function isShared() {
  /** @type {Readonly<Record<string, unknown>>} */
  const variables = { ...process.config.variables };
  return variables["node_shared"] === true;
}
