from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('qbr', '0001_upload'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='asked',
            field=models.JSONField(default=dict),
        ),
    ]
