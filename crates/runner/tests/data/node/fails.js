// A handler whose file throws while it is loaded.
console.log("loading");
throw new Error("not today");
