#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "asr.h"
#include "nodes/asr_pack.h"
int main(int argc,char**argv){
	struct rme_error err; uint8_t*d; size_t n;
	const char *base="/usr/share/pocketsphinx/model/en-us/";
	char m[200],dict[200]; snprintf(m,200,"%sen-us",base); snprintf(dict,200,"%scmudict-en-us.dict",base);
	struct rmi_asr_pack_config c={m,dict,argv[1]};
	if(getenv("HMM")){c.model=getenv("HMM");c.dictionary=getenv("DICT");}
	if(rmi_asr_pack(&d,&n,&c,&err)!=RME_OK){printf("%s: %s\n",err.where,err.text);return 1;}
	struct asr_model mo; const char*why;
	uint8_t*al=aligned_alloc(16,(n+15)/16*16); memcpy(al,d,n);
	if(asr_model_open(&mo,al,(uint32_t)n,&why)<0){printf("%s\n",why);return 1;}
	printf("pack %zu nodes %u points %u arcs %u senones %u words %u room %.1f MB\n",n,mo.header->n_nodes,mo.header->n_points,mo.header->n_arcs,mo.header->n_senones,mo.header->n_words,(double)asr_bytes(&mo)/1e6);
	uint8_t*room=aligned_alloc(16,asr_bytes(&mo)+16&~15ull); static struct asr a;
	struct timespec t0,t1; clock_gettime(CLOCK_MONOTONIC,&t0);
	asr_init(&a,&mo,room);
	clock_gettime(CLOCK_MONOTONIC,&t1); printf("init %.1f ms\n",(double)(t1.tv_sec-t0.tv_sec)*1e3+(double)(t1.tv_nsec-t0.tv_nsec)/1e6);
	for(int i=2;i<argc;i++){
		FILE*f=fopen(argv[i],"rb"); static int16_t pcm[16000*60]; 
		size_t l=strlen(argv[i]); if(strcmp(argv[i]+l-4,".wav")==0) fseek(f,44,SEEK_SET);
		size_t k=fread(pcm,2,16000*60,f); fclose(f);
		struct asr_verdict v; clock_gettime(CLOCK_MONOTONIC,&t0);
		int r=asr_utterance(&a,pcm,(uint32_t)k,&v);
		clock_gettime(CLOCK_MONOTONIC,&t1); double ms=(double)(t1.tv_sec-t0.tv_sec)*1e3+(double)(t1.tv_nsec-t0.tv_nsec)/1e6;
		printf("%s: r=%d complete=%d llr %.2f worst %.2f rtf %.4f:",argv[i],r,a.result.complete,v.llr,v.worst,ms/1e3/((double)k/16000));
		for(uint32_t w=0;w<a.result.n_words;w++){struct asr_result_word*x=&a.result.words[w];printf(" %.*s[%u-%u %.2f]",x->filler?3:(int)mo.words[x->word].len,x->filler?"SIL":mo.text+mo.words[x->word].text,x->start,x->end,x->llr);}
		printf("\n");
	}
}
