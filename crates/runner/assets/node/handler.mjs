// --- The handler: from its name to the function.

function isModuleFolder(folder) {
  if (folder.endsWith("/node_modules")) return false;
  const file = path.join(folder, "package.json");
  if (fs.existsSync(file)) {
    try {
      return JSON.parse(fs.readFileSync(file, "utf8"))?.type === "module";
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  return folder === "/" ? false : isModuleFolder(path.dirname(folder));
}

async function loadModule(root, folder, name) {
  const file = path.resolve(root, folder, name);
  const isFile = (candidate) => fs.existsSync(candidate) && fs.statSync(candidate).isFile();
  const load = (candidate) => import(pathToFileURL(candidate));
  if (isFile(file)) return require(file);
  if (isFile(file + ".js")) {
    return isModuleFolder(path.dirname(file)) ? load(file + ".js") : require(file + ".js");
  }
  if (isFile(file + ".mjs")) return load(file + ".mjs");
  if (isFile(file + ".cjs")) return require(file + ".cjs");
  return require(require.resolve(name, { paths: [root, path.resolve(root, folder)] }));
}

async function loadHandler(root, handler) {
  if (handler.includes("..")) {
    throw new MalformedHandlerName(
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const last = path.basename(handler);
  const dot = last.indexOf(".");
  if (dot < 0) throw new MalformedHandlerName("Bad handler");
  let module;
  try {
    module = await loadModule(root, handler.slice(0, handler.length - last.length), last.slice(0, dot));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(error);
    if (error?.code === "MODULE_NOT_FOUND") throw new ImportModuleError(error);
    throw error;
  }
  const names = last.slice(dot + 1).split(".");
  const found = names.reduce((inner, name) => inner && inner[name], module);
  if (!found) {
    const error = new HandlerNotFound(`${handler} is undefined or not exported`);
    Object.defineProperty(error, "exported", { value: Object.keys(module ?? {}) });
    throw error;
  }
  if (typeof found !== "function") throw new HandlerNotFound(`${handler} is not a function`);
  if (RUNTIME_MAJOR >= 24 && found.length >= 3 && !found[STREAMING]) {
    throw new CallbackHandlerDeprecated(
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
    );
  }
  return found;
}

