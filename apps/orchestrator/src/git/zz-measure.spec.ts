import { it } from "vitest";
import { createBench } from "/work/main/apps/orchestrator/tests/git/bench.ts";
it("measures", async () => {
  const files: Record<string,string> = {};
  for (let i=0;i<3000;i++) files[`d${i%60}/f${i}.txt`] = `file ${i}\n`.repeat(100);
  const times: Record<string, number> = {};
  const bench = await createBench({ files, wrapGit: (git) => ({ run: async (call) => { const t=performance.now(); try { return await git.run(call);} finally { times[call.command]=(times[call.command]??0)+performance.now()-t; } } }) });
  for (let n=0;n<3;n++){
  const w = await bench.open(`T-${n}`);
  await bench.asAgent(w, "echo x > new.txt; git add .; git commit -qm x; echo y > new.txt");
  for (const k of Object.keys(times)) delete times[k];
  const t = performance.now();
  const steps = await bench.workspaces.remove(w);
  console.log(Math.round(performance.now()-t), JSON.stringify(steps.map(s=>s.name+":"+(s.detail??""))), JSON.stringify(Object.fromEntries(Object.entries(times).map(([k,v])=>[k,Math.round(v)]))));
  }
  await bench.dispose();
}, 120000);
