// CommonJS where package.json says that it is none.
module.exports.handler = async () => {};
