import type { FormatId } from '../catalog.ts';
import type { FormatUi } from '../http/format/format-ui.ts';
import { ui as container } from './container/ui.ts';
import { ui as generic } from './generic/ui.ts';
import { ui as maven } from './maven/ui.ts';
import { ui as npm } from './npm/ui.ts';
import { ui as nuget } from './nuget/ui.ts';
import { ui as pypi } from './pypi/ui.ts';

/** The setup, publish and install instructions of each format. */
export const formatUis: Readonly<Record<FormatId, FormatUi>> = {
  generic,
  npm,
  maven,
  pypi,
  nuget,
  container,
};
