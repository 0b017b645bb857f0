import { pythonTool, type Tool } from '../../client.ts';

/** A client that is only a program to run. */
export interface Program {
  readonly tool: Tool;
}

/** The build front end and back end of most projects: `python -m build` with setuptools. */
export const build: Program = { tool: pythonTool('build', 'twine-7', 'build', 'pyproject-build') };
/** Builds and publishes projects whose back end it is. */
export const flit: Program = { tool: pythonTool('flit', 'twine-7', 'flit') };
/** The pip of the interpreter that the tests use. */
export const pip26: Program = { tool: pythonTool('pip-26', 'pip-26', 'pip') };
