"""py -> ipynb: '# %% [markdown]' cells, '# %% tags' cells."""
import sys,re,hashlib,nbformat
from pathlib import Path
from nbformat.v4 import new_notebook,new_markdown_cell,new_code_cell
META = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
src=Path(sys.argv[1]); dst=Path(sys.argv[2])
cells=[]; seen={}
for part in re.split(r"(?m)^# %%",src.read_text())[1:]:
    head,_,body=part.partition("\n"); body=body.strip("\n")
    head=head.strip()
    if head=="[markdown]":
        text="\n".join(re.sub(r"^# ?","",l) for l in body.splitlines())
        c=new_markdown_cell(text)
    else:
        tags=head.split()
        c=new_code_cell(body)
        if tags: c.metadata["tags"]=tags
        if "solution" in tags: c.metadata["jupyter"]={"source_hidden":True}
    h=hashlib.sha1((c.cell_type+c.source).encode()).hexdigest()[:8]
    while h in seen: h=hashlib.sha1(h.encode()).hexdigest()[:8]
    seen[h]=1; c["id"]=h
    cells.append(c)
nb=new_notebook(cells=cells,metadata=META); nb.nbformat_minor=5
dst.write_text(nbformat.writes(nb)+"\n")
