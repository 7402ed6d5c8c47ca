"""Makes the files beside this script: pip install pillow==13.0.0 pillow-heif==1.8.1; python make.py. grid*.heic are put together by hand."""
import io
import struct
from PIL import Image, ImageDraw
import pillow_heif
pillow_heif.register_heif_opener()
def img(w=64,h=48,mode="RGB",k=0):
    im=Image.new(mode,(w,h))
    px=im.load()
    for y in range(h):
        for x in range(w):
            v=((x*3+k*40)%256,(y*5)%256,((x//8+y//8)%2)*120+40)
            px[x,y]=v if mode=="RGB" else v+((x*4)%256,) 
    return im
def tiff():
    ex=Image.Exif(); ex[0x010f]="TestMaker"; ex[0x0110]="Model"
    ex.get_ifd(0x8769)[0x9000]=b"0232"
    ex.get_ifd(0x8769)[0xa430]="Owner"
    return ex.tobytes()
def dated():
    ex=Image.Exif(); ex[0x010f]="TestMaker"
    ex.get_ifd(0x8769)[0x9003]="2017:01:02 03:04:05"
    return ex.tobytes()
XMP=b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
def heic(name,ims,**kw):
    fmt=kw.pop("fmt","HEIF")
    f=pillow_heif.HeifFile()
    for i,(im,info) in enumerate(ims):
        a=f.add_from_pillow(im)
        for k,v in info.items(): f[i].info[k]=v
    f.save(name,quality=20,format=fmt,**kw)
heic("plain.heic",[(img(),{})])
heic("exif.heic",[(img(),{"exif":tiff()})])
heic("dated.heic",[(img(),{"exif":dated()})])
heic("xmp.heic",[(img(),{"xmp":XMP})])
heic("two.heic",[(img(),{}),(img(k=1),{"exif":tiff()})])
heic("alpha.heic",[(img(mode="RGBA"),{})])
img().save("plain.avif",quality=30)
img().save("exif.avif",quality=30,exif=tiff())
img(mode="RGBA").save("alpha.avif",quality=30,xmp=XMP)
img(65,49).save("lossy.webp",quality=30)
img(65,49).save("lossless.webp",lossless=True)
img(65,49,"RGBA").save("lossless_alpha.webp",lossless=True)
img(mode="RGBA").save("alpha.webp",quality=30)
img().save("exif.webp",quality=30,exif=tiff())
img().save("dated.webp",quality=30,exif=dated())
img().save("xmp.webp",quality=30,xmp=XMP)
img().save("animated.webp",save_all=True,append_images=[img(k=1),img(k=2)],duration=100,quality=30)
img(k=1).save("animated.avif",save_all=True,append_images=[img(k=2)],quality=30)
img().save("plain.jpg",quality=30); img().save("plain.png")

B=lambda k,*c: struct.pack(">I",8+sum(map(len,c)))+k+b"".join(c)
def kids(b,o,e):
    while o<e:
        n=struct.unpack(">I",b[o:o+4])[0]; yield b[o+4:o+8],o,n; o+=n
def tile(k):
    f=pillow_heif.HeifFile(); f.add_from_pillow(img(64,64,k=k)); o=io.BytesIO(); f.save(o,quality=20); b=o.getvalue()
    top={k:(o,n) for k,o,n in kids(b,0,len(b))}
    m=top[b"meta"]; d=top[b"mdat"]
    ch={k:(o,n) for k,o,n in kids(b,m[0]+12,m[0]+m[1])}
    ip=ch[b"iprp"]; pc=[(k,b[o:o+n]) for k,o,n in kids(b,ip[0]+16,ip[0]+8+struct.unpack(">I",b[ip[0]+8:ip[0]+12])[0])]
    return b[d[0]+8:d[0]+d[1]], dict(pc)
tiles=[tile(k) for k in range(4)]
assert len({t[1][b"hvcC"] for t in tiles})==1
p=tiles[0][1]
ispe=lambda w,h:B(b"ispe",b"\0"*4,struct.pack(">II",w,h))
def make(name,version,off,base,exif=None,idatexif=None,two_extents=False):
    """tiles 1..4 hidden, grid 5 in idat"""
    grid=b"\0\0\1\1"+struct.pack(">HH",128,128)
    idat=grid
    ids=[(1,b"hvc1",1),(2,b"hvc1",1),(3,b"hvc1",1),(4,b"hvc1",1),(5,b"grid",0)]
    if exif or idatexif: ids.append((6,b"Exif",1))
    idw=">H" if version<2 else ">I"
    infe=b"".join(B(b"infe",bytes([2,0,0,f]),struct.pack(">HH",i,0),k,b"\0") for i,k,f in ids)
    iinf=B(b"iinf",b"\0"*4,struct.pack(">H",len(ids)),infe)
    irefs=B(b"dimg",struct.pack(">HH4H",5,4,1,2,3,4))
    if exif or idatexif: irefs+=B(b"cdsc",struct.pack(">HHH",6,1,5))
    iref=B(b"iref",b"\0"*4,irefs)
    ipco=B(b"ipco",p[b"hvcC"],ispe(64,64),ispe(128,128),p[b"pixi"],p[b"colr"])
    ipma=B(b"ipma",b"\0"*4,struct.pack(">I",5),b"".join(struct.pack(">HB",i,4)+bytes([0x81,2,4,5]) for i in range(1,5)),struct.pack(">HB",5,3)+bytes([3,4,5]))
    hdlr=B(b"hdlr",b"\0"*8,b"pict",b"\0"*12,b"\0")
    pitm=B(b"pitm",b"\0"*4,struct.pack(">H",5))
    if idatexif: idat+=idatexif
    def meta(start):
        ents=[]; at=start
        for i in range(4):
            n=len(tiles[i][0]); ents.append((i+1,0,[(at,n)])); at+=n
        ents.append((5,1,[(0,8)]))
        if exif:
            h=len(exif)//2 if two_extents else len(exif)
            ents.append((6,0,[(at,h)]+([(at+h,len(exif)-h)] if two_extents else [])))
        if idatexif: ents.append((6,1,[(8,len(idatexif))]))
        out=struct.pack(">BBBBBB",version,0,0,0,off<<4|4,base<<4)+struct.pack(idw,len(ents))
        for i,m,ex in ents:
            out+=struct.pack(idw,i)+struct.pack(">HH",m,0)
            bs=0
            if base: bs=ex[0][0]; out+=bs.to_bytes(base,"big")
            out+=struct.pack(">H",len(ex))
            for o,n in ex: out+=(o-bs).to_bytes(off,"big")+struct.pack(">I",n)
        return B(b"meta",b"\0"*4,hdlr,pitm,B(b"iloc",out),iinf,iref,B(b"iprp",ipco,ipma),B(b"idat",idat))
    ftyp=B(b"ftyp",b"heic\0\0\0\0mif1heic")
    n=len(meta(0)); body=b"".join(t[0] for t in tiles)+(exif or b"")
    open(name,"wb").write(ftyp+meta(len(ftyp)+n+8)+B(b"mdat",body))
E6=b"\0\0\0\x06"+tiff()
make("grid.heic",1,4,0)
make("grid_base.heic",2,0,8)
make("grid_parts.heic",1,8,0,exif=E6,two_extents=True)
make("grid_idat.heic",1,4,4,idatexif=E6)
