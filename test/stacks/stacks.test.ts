// One file for all stacks: to load the CDK takes longer than all checks together.
import './cases/api.ts';
import './cases/data.ts';
import './cases/every-stack.ts';
import './cases/grants.ts';
import './cases/jobs.ts';
import './cases/operations.ts';
