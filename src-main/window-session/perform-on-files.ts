// What a window asks of hosts' files, handed to its pool of them.
import type { AnyWindowRequest } from "./check-window-request.ts";
import type { FilePool } from "./file-pool.ts";

type FileRequest = Extract<
  AnyWindowRequest,
  | { readonly arguments: { readonly files: number } | { readonly transfer: number } }
  | { readonly name: "openFiles" }
>;

export function performOnFiles(files: FilePool, request: FileRequest): unknown {
  switch (request.name) {
    case "openFiles":
      return files.open(request.arguments.host);
    case "listFiles":
      return files.list(request.arguments.files, request.arguments.path);
    case "makeFileDirectory":
      return files.makeDirectory(request.arguments.files, request.arguments.path);
    case "renameFile":
      return files.rename(request.arguments.files, request.arguments.from, request.arguments.to);
    case "removeFile":
      return files.remove(request.arguments.files, request.arguments.path, request.arguments.kind);
    case "startDownload":
      return files.startDownload(
        request.arguments.files,
        request.arguments.path,
        request.arguments.whole ?? false,
      );
    case "startUpload":
      return files.startUpload(request.arguments.files, request.arguments.path, request.arguments.replace);
    case "putBytes":
      return files.put(request.arguments.transfer, request.arguments.bytes);
    case "endUpload":
      return files.endUpload(request.arguments.transfer);
    case "cancelTransfer":
      return files.cancel(request.arguments.transfer);
    case "closeFiles":
      return files.closeOne(request.arguments.files);
  }
}
