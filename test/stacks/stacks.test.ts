// One file for all stacks, because loading the CDK takes longer than all checks together.
import './cases/api.ts';
import './cases/data.ts';
import './cases/domain.ts';
import './cases/every-stack.ts';
import './cases/front-door.ts';
import './cases/grants.ts';
import './cases/ingest.ts';
import './cases/jobs.ts';
import './cases/lasting.ts';
import './cases/network.ts';
import './cases/links.ts';
import './cases/operations.ts';
import './cases/stores.ts';
