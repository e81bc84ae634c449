// From a handler string such as `src/app.handlers.main` to the function it names.
// Source of the rules: aws-lambda-nodejs-runtime-interface-client, src/UserFunction.js.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { RuntimeError } from './errors.mjs';

// The file that requires the function's, for `require`; it does not exist.
const REQUIRER = 'lambent-requirer.js';
const EXPRESSION = /^([^.]*)\.(.*)$/;

export async function loadHandler(root, handler) {
  if (handler.includes('..')) {
    throw new RuntimeError(
      'Runtime.MalformedHandlerName',
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const file = path.basename(handler);
  const folder = handler.substring(0, handler.indexOf(file));
  const match = file.match(EXPRESSION);
  if (!match || match.length !== 3) {
    throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler');
  }
  const [, moduleName, exported] = match;
  const module = await loadModule(path.resolve(root, folder), moduleName, root);
  const found = exported.split('.').reduce((value, key) => value && value[key], module);
  if (!found) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  }
  if (typeof found !== 'function') {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handler} is not a function`);
  }
  return found;
}

async function loadModule(folder, name, root) {
  const base = path.resolve(folder, name);
  const require = createRequire(path.join(folder, REQUIRER));
  try {
    if (existsSync(base)) return require(base);
    if (existsSync(`${base}.js`)) {
      return isModuleFolder(path.dirname(base)) ? await load(`${base}.js`) : require(`${base}.js`);
    }
    if (existsSync(`${base}.mjs`)) return await load(`${base}.mjs`);
    if (existsSync(`${base}.cjs`)) return require(`${base}.cjs`);
    // Not a file: perhaps a package in node_modules, or nothing at all.
    return require(require.resolve(name, { paths: [root, folder] }));
  } catch (error) {
    throw asRuntimeError(error);
  }
}

function load(file) {
  return import(pathToFileURL(file).href);
}

// Whether the nearest package.json says that .js files are ES modules.
function isModuleFolder(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    if (at.endsWith('/node_modules')) return false;
    const description = path.join(at, 'package.json');
    if (existsSync(description)) {
      try {
        return JSON.parse(readFileSync(description, 'utf8')).type === 'module';
      } catch {
        return false;
      }
    }
    if (at === path.dirname(at)) return false;
  }
}

// AWS: what `import` does not find (ERR_MODULE_NOT_FOUND) stays the error that it is.
function asRuntimeError(error) {
  const text = String(error).replaceAll(/\n- [^\n]*\/lambent-requirer\.js/g, '\n- /var/runtime/index.mjs');
  if (error instanceof SyntaxError) return new RuntimeError('Runtime.UserCodeSyntaxError', text);
  if (error?.code === 'MODULE_NOT_FOUND') return new RuntimeError('Runtime.ImportModuleError', text);
  return error;
}
