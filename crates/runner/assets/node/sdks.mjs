// --- SDKs: those that AWS ships with its runtimes are found where they were installed, and old ones are pointed at us.

/** SDK 2 reads no AWS_ENDPOINT_URL and would call real AWS: its own configuration is told, as soon as it is loaded. */
function pointOldSdkHere() {
  const load = Module._extensions[".js"];
  Module._extensions[".js"] = function (module, filename) {
    const result = load.call(this, module, filename);
    // The loader makes a new configuration after the core has made one.
    if (/[\\/]aws-sdk[\\/]lib[\\/](core|node_loader)\.js$/.test(filename)) {
      const core = Module._cache[filename.replace(/node_loader\.js$/, "core.js")]?.exports;
      const endpoint = process.env.AWS_ENDPOINT_URL;
      if (endpoint) core?.config?.update({ endpoint, s3ForcePathStyle: true });
    }
    return result;
  };
}

/** SDK 2 inside a bundle has no file of its own; its requests to AWS go to us all the same. */
function keepRequestsHere() {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  if (!endpoint) return;
  const here = new URL(endpoint);
  const https = require("node:https");
  const http = require("node:http");
  const isAws = (host) => /(^|\.)amazonaws\.com(\.cn)?$/.test(host ?? "");
  const original = https.request;
  https.request = function (...all) {
    const options = all.find((one) => one && typeof one === "object" && !(one instanceof URL)) ?? {};
    const url = all[0] instanceof URL || typeof all[0] === "string" ? new URL(all[0]) : undefined;
    const host = options.hostname ?? options.host ?? url?.hostname;
    if (!isAws(host)) return original.apply(this, all);
    const target = here.protocol === "http:" ? http.request : original;
    // AWS's name as the host would be refused as a stranger's.
    const isOurs = ([name]) => name.toLowerCase() !== "host";
    const headers = Object.fromEntries(Object.entries(options.headers ?? {}).filter(isOurs));
    const path = options.path ?? (url ? url.pathname + url.search : "/");
    const port = here.port || (here.protocol === "http:" ? 80 : 443);
    const moved = { ...options, headers, path, protocol: here.protocol, host: here.hostname, hostname: here.hostname, port };
    delete moved.agent;
    const done = all.find((one) => typeof one === "function");
    return target(moved, done);
  };
  https.get = function (...all) {
    const request = https.request(...all);
    request.end();
    return request;
  };
  syncBuiltinESMExports();
}

/** `import` ignores NODE_PATH: what is found nowhere else is looked for in the folders that NODE_PATH names. */
function findImports() {
  const folders = (process.env.NODE_PATH ?? "").split(":").filter((folder) => folder && fs.existsSync(folder));
  if (folders.length === 0) return;
  const parents = folders.map((folder) => pathToFileURL(path.join(path.dirname(folder), "x.mjs")).href);
  const isBare = (specifier) => !/^(\.|\/|node:|file:|data:|#)/.test(specifier);
  if (typeof Module.registerHooks === "function") {
    Module.registerHooks({
      resolve(specifier, context, next) {
        try {
          return next(specifier, context);
        } catch (error) {
          if (error?.code !== "ERR_MODULE_NOT_FOUND" || !isBare(specifier)) throw error;
          for (const parentURL of parents) {
            try {
              return next(specifier, { ...context, parentURL });
            } catch {
              // The next folder may have it.
            }
          }
          throw error;
        }
      },
    });
    return;
  }
  if (typeof Module.register !== "function") return;
  const hooks = `const parents = ${JSON.stringify(parents)}; const isBare = ${isBare};
    export async function resolve(specifier, context, next) {
      try { return await next(specifier, context); } catch (error) {
        if (error?.code !== "ERR_MODULE_NOT_FOUND" || !isBare(specifier)) throw error;
        for (const parentURL of parents) {
          try { return await next(specifier, { ...context, parentURL }); } catch {}
        }
        throw error;
      }
    }`;
  Module.register("data:text/javascript," + encodeURIComponent(hooks));
}

